// Namespaces are made and removed one at a time (facts: pbs-api section 4).
import { below } from './content.ts';
import {
  answerWith,
  flag,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  text,
} from './host.ts';
import { badRequest, lacksRight } from './refusal.ts';
import { may } from './rights.ts';
import { aclPath, groupsIn, namespacesOf, snapshotsOf, usableDatastore } from './stores.ts';

const deepest = 7;
const longest = 256;

function needModify(host: PbsHost, call: PbsCall, store: string, parent: string): void {
  const path = aclPath(store, parent);
  if (!may(host, call, path, 'Datastore.Modify')) throw lacksRight(path, ['Datastore.Modify']);
}

function create(host: PbsHost, call: PbsCall): Outcome {
  const store = required(call.params, 'store');
  const parent = text(call.params, 'parent') ?? '';
  const name = parent === '' ? required(call.params, 'name') : `${parent}/${required(call.params, 'name')}`;
  needModify(host, call, store, parent);
  usableDatastore(host, store, true);
  const known = namespacesOf(host, store);
  if (!known.includes(parent)) throw badRequest(`cannot create new namespace, parent ${parent} doesn't already exists`);
  if (known.includes(name)) throw badRequest(`namespace '${name}' already exists`);
  if (name.split('/').length > deepest)
    throw badRequest(`namespace to deep, ${name.split('/').length} > max ${deepest}`);
  if (name.length > longest) throw badRequest('namespace name exceeds maximum length');
  host.state.namespaces.push({ store, name });
  return answerWith(name);
}

/** What is below goes with it, as far as it may: a group that stays makes its namespace stay, and the call an error. */
function remove(host: PbsHost, call: PbsCall): Outcome {
  const store = required(call.params, 'store');
  const name = required(call.params, 'ns');
  needModify(host, call, store, name.split('/').slice(0, -1).join('/'));
  usableDatastore(host, store, true);
  if (name === '') throw badRequest('cannot delete root namespace!');
  const within = namespacesOf(host, store).filter((one) => one !== '' && below(name, one, deepest));
  if (within.length === 0) throw badRequest(`namespace '${name}' does not exist`);
  const removed = flag(call.params, 'delete-groups') ? removeGroups(host, store, within) : nothingRemoved();
  const staying = within.filter((one) => groupsIn(host, store, one).length > 0);
  const left = within.filter((one) => staying.some((full) => full === one || full.startsWith(`${one}/`)));
  host.state.namespaces = host.state.namespaces.filter(
    (one) => one.store !== store || !within.includes(one.name) || left.includes(one.name),
  );
  const harmless = removed['protected-snapshots'] > 0 && call.params['error-on-protected'] === false;
  if (left.length > 0 && !harmless)
    throw badRequest(
      removed['protected-snapshots'] > 0
        ? 'group removal failed because of protected snapshots'
        : `failed to remove namespace, not empty: ${left.join(', ')}`,
    );
  return answerWith(removed);
}

const nothingRemoved = () => ({ 'removed-groups': 0, 'removed-snapshots': 0, 'protected-snapshots': 0 });

function removeGroups(host: PbsHost, store: string, namespaces: readonly string[]) {
  const stats = nothingRemoved();
  for (const group of namespaces.flatMap((namespace) => groupsIn(host, store, namespace))) {
    const snapshots = snapshotsOf(host, store, group);
    const kept = snapshots.filter((one) => one.protected);
    stats['protected-snapshots'] += kept.length;
    stats['removed-snapshots'] += snapshots.length - kept.length;
    if (kept.length === 0) stats['removed-groups'] += 1;
    host.state.snapshots = host.state.snapshots.filter((one) => !snapshots.includes(one) || kept.includes(one));
  }
  return stats;
}

export const namespaces: PbsHandlers = {
  'POST /admin/datastore/{store}/namespace': create,
  'DELETE /admin/datastore/{store}/namespace': remove,
};
