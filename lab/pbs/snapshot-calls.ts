// One snapshot or group at a time: notes, protection, removal, owner (facts: pbs-api section 4).
import { answerWith, type PbsCall, type PbsHandlers, type PbsHost, required } from './host.ts';
import { isActive } from './login.ts';
import { timeText } from './prune.ts';
import { badRequest, PbsRefusal } from './refusal.ts';
import { may } from './rights.ts';
import type { Snapshot } from './state.ts';
import {
  aclPath,
  type Group,
  groupFor,
  isOfGroup,
  namespacesOf,
  owns,
  snapshotsOf,
  toList,
  toModify,
  toPrune,
  usableDatastore,
  type Wanted,
} from './stores.ts';

function snapshotFor(host: PbsHost, call: PbsCall, wanted: Wanted): Snapshot {
  const group = groupFor(host, call, wanted);
  const time = Number(call.params['backup-time']);
  const found = snapshotsOf(host, group.store, group).find((one) => one.time === time);
  if (found === undefined) throw badRequest(`snapshot ${group.type}/${group.id}/${timeText({ time })} does not exist!`);
  return found;
}

function drop(host: PbsHost, gone: readonly Snapshot[]): void {
  host.state.snapshots = host.state.snapshots.filter((one) => !gone.includes(one));
}

/** Between a user and its tokens the user itself may move what is its own; anything else needs the right to modify. */
function changeOwner(host: PbsHost, call: PbsCall): void {
  const store = required(call.params, 'store');
  const namespace = String(call.params['ns'] ?? '');
  const path = aclPath(store, namespace);
  const owner = required(call.params, 'new-owner');
  const refused = new PbsRefusal(401, `${call.user} does not have permission to change owner`);
  const full = may(host, call, path, 'Datastore.Modify');
  if (!full && !may(host, call, path, 'Datastore.Backup')) throw refused;
  usableDatastore(host, store, true);
  if (!namespacesOf(host, store).includes(namespace)) throw badRequest(`namespace '${namespace}' does not exist`);
  const [type, id] = [required(call.params, 'backup-type'), required(call.params, 'backup-id')];
  const ofGroup = host.state.snapshots.filter(
    (one) => one.store === store && one.namespace === namespace && one.type === type && one.id === id,
  );
  const [first] = ofGroup;
  if (first === undefined) throw badRequest(`group '${type}/${id}' does not exist`);
  if (!full && (call.user.includes('!') || !owns(call.user, first.owner) || !owns(call.user, owner))) throw refused;
  const user = owner.split('!')[0] ?? owner;
  const token = host.state.tokens.find((one) => one.id === owner);
  if (!isActive(host, user) || (owner !== user && (token === undefined || token.enable === false)))
    throw badRequest(`user '${owner}' is disabled or does not exist`);
  for (const snapshot of ofGroup) snapshot.owner = owner;
}

function setGroupNotes({ state }: PbsHost, group: Group & Readonly<{ store: string }>, notes: string): void {
  const { store, namespace, type, id } = group;
  state.groupNotes = state.groupNotes.filter((one) => !isOfGroup(one, store, group));
  if (notes !== '') state.groupNotes.push({ store, namespace, type, id, notes });
}

const at = '/admin/datastore/{store}';
export const snapshotCalls: PbsHandlers = {
  [`GET ${at}/notes`]: (host, call) => answerWith(snapshotFor(host, call, toList).comment ?? ''),
  [`PUT ${at}/notes`]: (host, call) => {
    const snapshot = snapshotFor(host, call, toModify);
    const notes = required(call.params, 'notes');
    if (notes === '') delete snapshot.comment;
    else snapshot.comment = notes;
    return answerWith(null);
  },
  [`GET ${at}/group-notes`]: (host, call) => {
    const group = groupFor(host, call, toList);
    return answerWith(host.state.groupNotes.find((one) => isOfGroup(one, group.store, group))?.notes ?? '');
  },
  [`PUT ${at}/group-notes`]: (host, call) => {
    setGroupNotes(host, groupFor(host, call, toModify), required(call.params, 'notes'));
    return answerWith(null);
  },
  [`GET ${at}/protected`]: (host, call) => answerWith(snapshotFor(host, call, toList).protected),
  [`PUT ${at}/protected`]: (host, call) => {
    snapshotFor(host, call, toModify).protected = call.params['protected'] === true;
    return answerWith(null);
  },
  [`DELETE ${at}/snapshots`]: (host, call) => {
    const snapshot = snapshotFor(host, call, toPrune);
    if (snapshot.protected) throw badRequest('cannot remove protected snapshot');
    drop(host, [snapshot]);
    return answerWith(null);
  },
  [`DELETE ${at}/groups`]: (host, call) => {
    const group = groupFor(host, call, toPrune);
    const snapshots = snapshotsOf(host, group.store, group);
    const kept = snapshots.filter((one) => one.protected);
    drop(
      host,
      snapshots.filter((one) => !one.protected),
    );
    if (kept.length > 0 && call.params['error-on-protected'] !== false)
      throw badRequest('group removal failed because of protected snapshots');
    const whole = kept.length === 0 ? 1 : 0;
    const gone = snapshots.length - kept.length;
    return answerWith({ 'removed-groups': whole, 'removed-snapshots': gone, 'protected-snapshots': kept.length });
  },
  [`POST ${at}/change-owner`]: (host, call) => {
    changeOwner(host, call);
    return answerWith(null);
  },
};
