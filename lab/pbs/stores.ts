// Datastores, and what one may do with their content (facts: pbs-api section 4): "X or owner+Y".
import { userOfToken } from '../rights.ts';
import type { PbsCall, PbsHost } from './host.ts';
import { propertiesIn } from './property-string.ts';
import { badRequest, lacksRight, noSuchDatastore } from './refusal.ts';
import { may } from './rights.ts';
import type { Datastore, Snapshot } from './state.ts';

export const aclPath = (store: string, namespace = ''): string =>
  `/datastore/${store}${namespace === '' ? '' : `/${namespace}`}`;

/** What of the content a login may have. */
export type Access = Readonly<{
  datastore: Datastore;
  namespace: string;
  /** only groups that it owns */
  ownedOnly: boolean;
}>;

export type Wanted = Readonly<{ full: readonly string[]; owner: readonly string[]; writes: boolean }>;
export const toList: Wanted = { full: ['Datastore.Audit'], owner: ['Datastore.Backup'], writes: false };
export const toModify: Wanted = { full: ['Datastore.Modify'], owner: ['Datastore.Backup'], writes: true };
export const toVerify: Wanted = { full: ['Datastore.Verify'], owner: ['Datastore.Backup'], writes: false };
export const toPrune: Wanted = { full: ['Datastore.Modify'], owner: ['Datastore.Prune'], writes: true };

/** Rights are looked at before the store, so that nobody learns what there is. */
export function accessTo(host: PbsHost, call: PbsCall, store: string, namespace: string, wanted: Wanted): Access {
  const path = aclPath(store, namespace);
  const isFull = may(host, call, path, ...wanted.full);
  if (!isFull && !may(host, call, path, ...wanted.owner)) throw lacksRight(path, [...wanted.full, ...wanted.owner]);
  const datastore = usableDatastore(host, store, wanted.writes);
  if (!namespacesOf(host, store).includes(namespace)) throw badRequest(`namespace '${namespace}' does not exist`);
  return { datastore, namespace, ownedOnly: !isFull };
}

export function datastoreNamed(host: PbsHost, name: string): Datastore {
  const found = host.state.datastores.find((one) => one.name === name);
  if (found === undefined) throw noSuchDatastore(name);
  return found;
}

export function usableDatastore(host: PbsHost, name: string, writes: boolean): Datastore {
  const datastore = datastoreNamed(host, name);
  const problem = maintenanceOf(datastore, writes);
  if (problem !== undefined) throw badRequest(problem);
  return datastore;
}

/** Read-only keeps out what writes, offline everything; and so does a device that is not mounted. */
export function maintenanceOf({ name, options, mounted }: Datastore, writes: boolean): string | undefined {
  if (options['backing-device'] !== undefined && mounted !== true) return `datastore '${name}' is not mounted`;
  const { type: mode, message } = propertiesIn(String(options['maintenance-mode'] ?? ''), 'type');
  if (mode === undefined || (mode === 'read-only' && !writes)) return undefined;
  return `datastore '${name}' is unavailable: ${mode} maintenance mode${message === undefined ? '' : `: ${percentDecoded(message)}`}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The root among them, as an empty name. */
export const namespacesOf = ({ state }: PbsHost, store: string): readonly string[] => [
  '',
  ...state.namespaces.filter((one) => one.store === store).map(({ name }) => name),
];

/** A token's groups are also those of its user. */
export const owns = (login: string, owner: string): boolean => owner === login || userOfToken(owner) === login;

const anyRight = ['Datastore.Modify', 'Datastore.Read', 'Datastore.Backup', 'Datastore.Audit'];
export const mayEnter = (host: PbsHost, call: PbsCall, store: string, namespace: string): boolean =>
  may(host, call, aclPath(store, namespace), ...anyRight);

export type Group = Readonly<{ namespace: string; type: Snapshot['type']; id: string; owner: string }>;

/** The group of each snapshot, once; its owner is that of its first snapshot. */
export function groupsIn(host: PbsHost, store: string, namespace: string): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { type, id, owner, ...snapshot } of host.state.snapshots)
    if (snapshot.store === store && snapshot.namespace === namespace && !groups.has(`${type}/${id}`))
      groups.set(`${type}/${id}`, { namespace, type, id, owner });
  return [...groups.values()];
}

/** Newest first. */
export const snapshotsOf = (host: PbsHost, store: string, { namespace, type, id }: Omit<Group, 'owner'>): Snapshot[] =>
  host.state.snapshots
    .filter((one) => one.store === store && one.namespace === namespace && one.type === type && one.id === id)
    .sort((one, other) => other.time - one.time);

/** A group that whoever calls may have, by its parameters. */
export function groupFor(host: PbsHost, call: PbsCall, wanted: Wanted): Group & Readonly<{ store: string }> {
  const store = String(call.params['store']);
  const namespace = String(call.params['ns'] ?? '');
  const { ownedOnly } = accessTo(host, call, store, namespace, wanted);
  const [type, id] = [String(call.params['backup-type']), String(call.params['backup-id'])];
  const group = groupsIn(host, store, namespace).find((one) => one.type === type && one.id === id);
  if (group === undefined) throw badRequest(`group '${type}/${id}' does not exist`);
  if (ownedOnly && !owns(call.user, group.owner))
    throw badRequest(`backup owner check failed (${call.user} != ${group.owner})`);
  return { ...group, store };
}

export const isOfGroup = (
  one: Pick<Snapshot, 'store' | 'namespace' | 'type' | 'id'>,
  store: string,
  { namespace, type, id }: Omit<Group, 'owner'>,
): boolean => one.store === store && one.namespace === namespace && one.type === type && one.id === id;
