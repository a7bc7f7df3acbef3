// What is in a store: namespaces, groups and snapshots (facts: pbs-api section 4).
import { answerWith, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { badRequest, lacksRight } from './refusal.ts';
import type { Snapshot } from './state.ts';
import {
  type Access,
  accessTo,
  aclPath,
  datastoreNamed,
  type Group,
  groupsIn,
  isOfGroup,
  mayEnter,
  namespacesOf,
  owns,
  snapshotsOf,
  toList,
} from './stores.ts';

const listing = (host: PbsHost, call: PbsCall): Access =>
  accessTo(host, call, required(call.params, 'store'), text(call.params, 'ns') ?? '', toList);

function seenGroups(host: PbsHost, call: PbsCall): readonly Group[] {
  const { datastore, namespace, ownedOnly } = listing(host, call);
  return groupsIn(host, datastore.name, namespace).filter(({ owner }) => !ownedOnly || owns(call.user, owner));
}

function shownGroup(host: PbsHost, store: string, group: Group) {
  const snapshots = snapshotsOf(host, store, group);
  const finished = snapshots.find((one) => one.finished);
  const { notes } = host.state.groupNotes.find((one) => isOfGroup(one, store, group)) ?? {};
  // A single snapshot counts even while it is being made.
  const newest = finished ?? (snapshots.length === 1 ? snapshots[0] : undefined);
  return {
    'backup-type': group.type,
    'backup-id': group.id,
    'last-backup': newest?.time ?? 0,
    'backup-count': snapshots.length,
    files: (newest?.files ?? []).map(({ filename }) => filename),
    owner: group.owner,
    ...(notes === undefined ? {} : { comment: notes.split('\n')[0] }),
  };
}

// Without a manifest nobody knows sizes, nor whether it was verified.
function shownSnapshot(snapshot: Snapshot, owner: string) {
  const { type, id, time, size, protected: isProtected, finished, files, comment, verification } = snapshot;
  return {
    'backup-type': type,
    'backup-id': id,
    'backup-time': time,
    files: finished ? files : files.map(({ filename }) => ({ filename })),
    ...(finished ? { size } : {}),
    owner,
    protected: isProtected,
    ...(comment === undefined ? {} : { comment: comment.split('\n')[0] }),
    ...(verification === undefined || !finished ? {} : { verification }),
  };
}

const depthOf = (namespace: string): number => (namespace === '' ? 0 : namespace.split('/').length);
export const below = (parent: string, namespace: string, maxDepth: number): boolean =>
  (parent === '' || namespace === parent || namespace.startsWith(`${parent}/`)) &&
  depthOf(namespace) - depthOf(parent) <= maxDepth;

export const content: PbsHandlers = {
  'GET /admin/datastore/{store}/namespace': (host, call) => {
    const store = required(call.params, 'store');
    const parent = text(call.params, 'parent') ?? '';
    const depth = Number(call.params['max-depth'] ?? 7);
    const mayParent = mayEnter(host, call, store, parent);
    const known = namespacesOf(host, store);
    const seen = known.filter((ns) => below(parent, ns, depth) && mayEnter(host, call, store, ns));
    if (seen.length === 0 && !mayParent)
      throw lacksRight(aclPath(store, parent), [
        'Datastore.Audit',
        'Datastore.Modify',
        'Datastore.Read',
        'Datastore.Backup',
      ]);
    datastoreNamed(host, store);
    if (!known.includes(parent)) throw badRequest(`namespace '${parent}' does not exist`);
    return answerWith(host.chance.shuffled(seen).map((ns) => ({ ns })));
  },
  'GET /admin/datastore/{store}/groups': (host, call) => {
    const store = required(call.params, 'store');
    return answerWith(host.chance.shuffled(seenGroups(host, call)).map((group) => shownGroup(host, store, group)));
  },
  'GET /admin/datastore/{store}/snapshots': (host, call) => {
    const store = required(call.params, 'store');
    const type = text(call.params, 'backup-type');
    const id = text(call.params, 'backup-id');
    const rows = seenGroups(host, call)
      .filter((group) => (type ?? group.type) === group.type && (id ?? group.id) === group.id)
      .flatMap((group) => snapshotsOf(host, store, group).map((snapshot) => shownSnapshot(snapshot, group.owner)));
    return answerWith(host.chance.shuffled(rows));
  },
};
