// What each PVE node says of a storage: that it works from here does not mean that it works from there, and the other way round.
import { asFault } from '../fault.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import { path } from '../proxmox/api.ts';
import { rows, text } from '../proxmox/decode.ts';
import { type Node, storageStatus } from '../proxmox/pve.ts';
import type { PveStorage } from '../proxmox/pve-storage.ts';
import { audienceOf, type Ports, patience, type StorageAsked } from './asked.ts';
import type { Check } from './check.ts';
import { failed, stateOf } from './judge-login.ts';
import type { PveSide } from './pve-side.ts';

const options = { timeout: patience } as const;

export type Seeing = Readonly<{
  storage: StorageAsked;
  /** undefined where the server could not be asked */
  sideOf(server: string): Promise<PveSide | undefined>;
  /** whether what is not created yet is tried by PVE itself, with the secret in a query string */
  scan: boolean;
  ports: Ports;
}>;

export async function lookFromNodes(seeing: Seeing): Promise<readonly Check[]> {
  const { on } = seeing.storage;
  if (on.length === 0)
    return [{ check: 'node', state: 'skipped', seen: 'no PVE server is named, so no node was asked (see --pve)' }];
  return (await Promise.all(on.map((server) => fromServer(server, seeing)))).flat();
}

async function fromServer(server: string, seeing: Seeing): Promise<readonly Check[]> {
  const { storage } = seeing;
  const side = await seeing.sideOf(server);
  if (side === undefined)
    return [
      { check: 'node', state: 'skipped', from: server, seen: `${server} could not be asked; see its own checks` },
    ];
  const wanted = side.nodes.filter(({ node }) => storage.nodes.length === 0 || storage.nodes.includes(node));
  const missing = storage.nodes.filter((name) => !side.nodes.some(({ node }) => node === name));
  const entry = side.entries.find((one) => one.storage === storage.name);
  const checks = await Promise.all(wanted.map((node) => fromNode(`${server}/${node.node}`, node, side, entry, seeing)));
  return [...checks, ...missing.map((name) => unknownNode(server, name))];
}

const unknownNode = (server: string, name: string): Check => ({
  check: 'node',
  state: 'warning',
  from: server,
  seen: `it names the node ${name}, which ${server} does not have`,
  remedy: 'correct `nodes`; where the storage is for one server only, say so with `on`',
});

async function fromNode(
  from: string,
  node: Node,
  side: PveSide,
  entry: PveStorage | undefined,
  seeing: Seeing,
): Promise<Check> {
  const { storage, scan } = seeing;
  if (node.status !== 'online')
    return {
      check: 'node',
      state: 'unreachable',
      from,
      seen: `the node is ${node.status}`,
      remedy: 'see whether the node is up (`pvecm status` on another one)',
    };
  if (entry === undefined) return scan ? scanFrom(from, node.node, side, seeing) : notCreated(from);
  if (entry.disabled)
    return { check: 'node', state: 'skipped', from, seen: 'it is switched off on PVE; `holdfast plan` switches it on' };
  if (entry.nodes !== undefined && !entry.nodes.includes(node.node))
    return {
      check: 'node',
      state: 'skipped',
      from,
      seen: 'PVE does not have it on this node yet; `holdfast plan` adds it',
    };
  try {
    const { active } = await storageStatus(side.api, node.node, storage.name, options);
    const others = differences(entry, storage);
    const held = others === '' ? '' : `, as PVE holds it now (another ${others} than declared)`;
    if (active) return { check: 'node', state: 'good', from, seen: `it is active there${held}` };
    return {
      check: 'node',
      state: 'unreachable',
      from,
      seen: `PVE cannot reach it from this node${held}`,
      remedy: `on the node, \`pvesm status --storage ${storage.name}\` says why: see DNS (\`getent hosts ${storage.way.host}\`), the port (\`nc -zv ${storage.way.host} ${storage.way.port}\`), the fingerprint and the password there`,
    };
  } catch (error) {
    return { ...failed('node', asFault(error, from)), from };
  }
}

const notCreated = (from: string): Check => ({
  check: 'node',
  state: 'skipped',
  from,
  seen: 'not created yet: `holdfast apply` creates it, and PVE then tries it; --scan has PVE try it now',
});

/** What a status cannot tell of the declared entry, since PVE holds another one. */
function differences({ raw }: PveStorage, storage: StorageAsked): string {
  const declared: Readonly<Record<string, string>> = {
    ...{ server: storage.way.host, datastore: storage.datastore, username: storage.username },
    ...{ namespace: storage.namespace, fingerprint: storage.way.pinned ?? '' },
  };
  const held = (key: string) => (text(raw[key]) ?? (key === 'username' ? 'root@pam' : '')).toUpperCase();
  return Object.keys(declared)
    .filter((key) => held(key) !== declared[key]?.toUpperCase())
    .join(', ');
}

/** PVE's own trial, with the secret in the query string: only where it was asked for (threat model F5). */
async function scanFrom(from: string, node: string, side: PveSide, { storage, ports }: Seeing): Promise<Check> {
  const { secret, way, username } = storage;
  if (secret === undefined || side.configure === undefined)
    return {
      check: 'scan',
      state: 'skipped',
      from,
      seen: `it cannot be tried without ${secret === undefined ? 'a password' : 'a login that may configure'}`,
    };
  try {
    const stores = await scanned(side.configure, node, storage, ports);
    if (stores.includes(storage.datastore))
      return {
        check: 'scan',
        state: 'good',
        from,
        seen: `PVE logs in from there as ${username} and sees ${storage.datastore}`,
      };
    return {
      check: 'scan',
      state: 'wrong',
      from,
      seen: `PVE logs in from there as ${username}, and does not see ${storage.datastore}`,
      remedy: `correct the name, or give ${username} and its user a role on /datastore/${storage.datastore}`,
    };
  } catch (error) {
    const fault = asFault(error, from);
    if (fault.code === 'secret-on-command-line' || fault.code === 'secret-refused')
      return { check: 'scan', state: 'skipped', from, seen: fault.says };
    const state = fault.code === 'server-error' ? 'wrong' : stateOf(fault);
    return {
      check: 'scan',
      state,
      from,
      seen: `PVE could not log in to ${audienceOf(way)} from there: ${fault.says}`,
      remedy: `on the node, see \`getent hosts ${way.host}\` and \`nc -zv ${way.host} ${way.port}\`; then the fingerprint and the login`,
    };
  }
}

async function scanned(
  api: ProxmoxApi,
  node: string,
  { way, username, secret }: StorageAsked,
  ports: Ports,
): Promise<readonly string[]> {
  if (secret === undefined) return [];
  const params = {
    ...{ server: way.host, port: way.port, username, password: await ports.secret(secret, api.audience) },
    ...(way.pinned === undefined ? {} : { fingerprint: way.pinned }),
  };
  const { data } = await api.get(path`/nodes/${node}/scan/pbs`, params, {
    timeout: patience,
    secretInQuery: 'scan-pbs',
  });
  return rows(api, 'scan', data).map((row) => text(row['store']) ?? '');
}
