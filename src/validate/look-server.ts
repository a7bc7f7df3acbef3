// A server of the estate, looked at from here: the way to it, then each of its logins. What was opened stays open for the
// storages that are asked about through it.
import { asFault, type Fault } from '../fault.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import { nodes } from '../proxmox/pve.ts';
import { storages } from '../proxmox/pve-storage.ts';
import { versionOf } from '../proxmox/version.ts';
import { ref } from '../values/ref.ts';
import { audienceOf, type Opened, type Ports, patience, type ServerAsked } from './asked.ts';
import { type Check, type Looked, verdictOf } from './check.ts';
import { failed } from './judge-login.ts';
import { lookAtBackups } from './look-backups.ts';
import { type LoginLooked, lookAtLogin } from './look-login.ts';
import { lookAtWay } from './look-way.ts';
import type { PveSide } from './pve-side.ts';

export type ServerLooked = Readonly<{
  looked: Looked;
  /** undefined where it is no PVE, or could not be asked */
  side: PveSide | undefined;
  opened: readonly Opened[];
}>;

export async function lookAtServer(server: ServerAsked, ports: Ports): Promise<ServerLooked> {
  const address = server.way === undefined ? 'pvesh' : audienceOf(server.way);
  const { product, name } = server;
  const told = (checks: readonly Check[]): Looked => ({
    ...{ kind: 'server', product, subject: ref(product, name), name, address },
    ...{ verdict: verdictOf(checks), checks },
  });
  if (server.way === undefined) return throughPvesh(server, ports, told);
  const way = await lookAtWay(server.way, name, ports);
  if (!way.trusted) return { looked: told(way.checks), side: undefined, opened: [] };
  const logins = await Promise.all(server.logins.map((login) => lookAtLogin(server, login, ports)));
  const checks = [...way.checks, ...logins.flatMap((one) => one.checks), ...notGiven(server), ...identitiesOf(server)];
  const opened = logins.flatMap(({ api }) => api ?? []);
  const side = product === 'pve' ? await sideOf(apiFor(logins, 'observe'), apiFor(logins, 'configure')) : undefined;
  if (side !== undefined && 'fault' in side)
    return { looked: told([...checks, failed('login', side.fault)]), side: undefined, opened };
  const backups = side === undefined ? [] : await lookAtBackups(name, side);
  return { looked: told([...checks, ...backups]), side, opened };
}

async function throughPvesh(
  server: ServerAsked,
  ports: Ports,
  told: (checks: readonly Check[]) => Looked,
): Promise<ServerLooked> {
  try {
    const api = await ports.pvesh(server.name);
    const version = await versionOf(api, { timeout: patience });
    const seen = `root on this node itself, through pvesh (PVE ${version.text}); there is no token whose rights could be looked at`;
    const side = await sideOf(api, api);
    if (side === undefined || 'fault' in side) throw side?.fault;
    return { looked: told([{ check: 'login', state: 'good', seen }]), side, opened: [api] };
  } catch (error) {
    return { looked: told([failed('login', asFault(error, server.name))]), side: undefined, opened: [] };
  }
}

const wasLetIn = ({ checks }: LoginLooked): boolean =>
  checks.some(({ check, state }) => check === 'login' && state === 'good');

const apiFor = (logins: readonly LoginLooked[], identity: 'observe' | 'configure'): ProxmoxApi | undefined =>
  logins.find((one) => wasLetIn(one) && one.login.identities.includes(identity))?.api;

async function sideOf(
  api: ProxmoxApi | undefined,
  configure: ProxmoxApi | undefined,
): Promise<PveSide | Readonly<{ fault: Fault }> | undefined> {
  if (api === undefined) return undefined;
  try {
    const [known, entries] = await Promise.all([
      nodes(api, { timeout: patience }),
      storages(api, 'pbs', { timeout: patience }),
    ]);
    return { api, configure, nodes: known, entries };
  } catch (error) {
    return { fault: asFault(error, api.name) };
  }
}

function notGiven({ logins }: ServerAsked): readonly Check[] {
  const given = logins.flatMap((one) => one.identities);
  const observe: Check = {
    check: 'identities',
    state: 'warning',
    seen: 'no login is given for `observe`: nothing can be read there',
    remedy: 'add `observe` to its `identities`',
  };
  const configure: Check = {
    check: 'identities',
    state: 'skipped',
    seen: 'no login is given for `configure`: from here it can be looked at, and not changed',
  };
  return [...(given.includes('observe') ? [] : [observe]), ...(given.includes('configure') ? [] : [configure])];
}

/** Whoever holds one login for everything can remove what it only had to read (threat model F6). */
function identitiesOf({ product, logins }: ServerAsked): readonly Check[] {
  return logins
    .filter(({ identities }) => identities.includes('observe') && identities.includes('configure'))
    .map(({ id }) => ({
      check: 'identities',
      state: 'warning',
      seen: `${id} is used for everything: whoever has it in order to read can also change and remove`,
      remedy: `give the server \`identities: { observe: ${example(product, 'observe')}, configure: ${example(product, 'configure')} }\`, each a token of a user of its own`,
    }));
}

const example = (product: string, name: string): string =>
  `{ id: "holdfast-${name}@${product}!${name}", secret: { file: NAME } }`;
