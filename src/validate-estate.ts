// Validation of an estate: what it declares as plain values, and the real ports to ask through. Composition, no decisions.
import type { Desired } from './contracts/resource.ts';
import { desire } from './desired/desire.ts';
import type { Holdfast } from './holdfast.ts';
import { kinds } from './kinds.ts';
import type { Connection, Estate, PbsServer, PveServer, Token } from './model/estate.ts';
import { type Identity, identities } from './model/step.ts';
import { addressOf } from './proxmox/address.ts';
import { bare, reach } from './proxmox/reach.ts';
import { pbsBehind } from './resources/common/pbs-behind.ts';
import type { PveStorageEntry } from './resources/pve-storage/pve-storage-schema.ts';
import {
  type LoginAsked,
  type Opened,
  type Ports,
  patience,
  type ServerAsked,
  type StorageAsked,
} from './validate/asked.ts';
import type { Validation } from './validate/check.ts';
import { backupTo } from './validate/look-storage.ts';
import { thingsOf } from './validate/things.ts';
import { validateAll } from './validate/validate.ts';
import { madeFor } from './validate-made.ts';
import { canonical } from './values/canonical.ts';
import { parseFingerprint } from './values/fingerprint.ts';
import { normaliseKeep } from './values/retention.ts';
import type { OpenWorld } from './world.ts';

export type ValidateOptions = Readonly<{
  /** have PVE try storages that are not created yet: their secret then stands in a query string on the node */
  scan?: boolean;
  /** servers and storages by name; all of them where it is left out */
  only?: Readonly<{ servers: ReadonlySet<string>; storages: ReadonlySet<string> }>;
}>;

/** Looks at every server and storage of the estate from here and from the nodes. Writes nothing anywhere. */
export async function validateEstate(
  holdfast: Holdfast,
  estate: Estate,
  options: ValidateOptions = {},
): Promise<Validation> {
  await using world = holdfast.world(estate);
  const { only } = options;
  const { declared } = desire(estate, kinds.resources);
  const servers = [...estate.pve, ...estate.pbs]
    .filter(({ name }) => only?.servers.has(name) ?? true)
    .map((server) => serverAsked(server, thingsOf(server, declared, estate.sections)));
  const storages = storagesOf(estate)
    .filter(({ name }) => only?.storages.has(name) ?? true)
    .map((entry) => storageAsked(entry, estate, declared));
  return await validateAll({ servers, storages, scan: options.scan === true }, portsOf(holdfast, world));
}

function serverAsked(server: PveServer | PbsServer, things: ServerAsked['things']): ServerAsked {
  const { product, name, url } = server;
  const base = { product, name, url, logins: loginsOf(server), things };
  if (server.through === 'pvesh') return { ...base, way: undefined };
  const { audience } = addressOf(server);
  const separator = audience.lastIndexOf(':');
  const [host, port] = [bare(audience.slice(0, separator)), Number(audience.slice(separator + 1))];
  return { ...base, way: { product, host, port, pinned: server.fingerprint } };
}

/** Each login once, with all it is used for. Drills and pruning by hand have a login only where one is given to them. */
function loginsOf({ token, login, identities: own }: Connection): readonly LoginAsked[] {
  const common = token ?? (login === undefined ? undefined : { id: login.username, secret: login.password });
  const used = new Map<string, LoginAsked>();
  for (const identity of identities) {
    const given = own?.[identity] ?? (own !== undefined && seldom.includes(identity) ? undefined : common);
    if (given === undefined) continue;
    const key = canonical(given);
    used.set(key, { ...given, identities: [...(used.get(key)?.identities ?? []), identity] });
  }
  return [...used.values()];
}

const seldom: readonly Identity[] = ['drill', 'prune'];

function storageAsked(entry: PveStorageEntry, estate: Estate, declared: Desired['declared']): StorageAsked {
  const { name, datastore, namespace, username, enabled, nodes } = entry;
  return {
    ...{ name, datastore, namespace, username, enabled, nodes },
    way: { product: 'pbs', host: entry.server, port: entry.port, pinned: parseFingerprint(entry.fingerprint ?? '') },
    secret: entry.token ?? entry.password,
    prunes: prunes(entry),
    leadsTo: pbsBehind(estate, entry)?.name,
    made: madeFor(entry, estate, declared),
    beside: storagesOf(estate)
      .filter((one) => one !== entry && sameLogin(one, entry))
      .map((one) => backupTo({ ...one, prunes: prunes(one) })),
    on: entry.on ?? estate.pve.map((server) => server.name),
  };
}

const storagesOf = ({ sections }: Estate): readonly PveStorageEntry[] =>
  (sections['pbs_storages'] ?? []) as readonly PveStorageEntry[];

const prunes = ({ prune_backups }: PveStorageEntry): boolean =>
  Object.keys(normaliseKeep(prune_backups ?? { keep_all: 1 })).some((rule) => rule !== 'keep_all');

const sameLogin = (one: PveStorageEntry, other: PveStorageEntry): boolean =>
  one.enabled && one.server === other.server && one.port === other.port && one.username === other.username;

function portsOf({ surroundings: { clock } }: Holdfast, world: OpenWorld): Ports {
  const limits = { connect: patience, idle: patience, deadline: patience } as const;
  return {
    clock,
    reach: reach({ clock, patience }),
    secret: world.secret,
    pvesh: async (server) => ({
      ...(await world.server(server, 'observe')),
      [Symbol.asyncDispose]: async () => undefined,
    }),
    open: async ({ product, name, url, way }, { id, secret }: Token): Promise<Opened> => {
      const { connect } = await import('./proxmox/http.ts');
      const resolved = await world.secret(secret, addressOf({ product, name, url }).audience);
      const auth = id.includes('!')
        ? { kind: 'token' as const, id, secret: resolved }
        : { kind: 'ticket' as const, username: id, password: resolved };
      const trust = way?.pinned === undefined ? 'ca' : { fingerprint: way.pinned };
      return connect({ product, name, url, trust, auth, clock, limits });
    },
  };
}
