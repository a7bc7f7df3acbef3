// Datastores: what each login sees of them, and their sizes (facts: pbs-api sections 3, 4, 9).

import { isAtLeast } from '../version.ts';
import { collectionOf } from './collection.ts';
import { answerWith, type PbsCall, type PbsHandlers, type PbsHost, required } from './host.ts';
import { badRequest, forbidden } from './refusal.ts';
import { may } from './rights.ts';
import { s3Of } from './sections/s3-client.ts';
import type { Datastore } from './state.ts';
import { aclPath, datastoreNamed, groupsIn, maintenanceOf, mayEnter, namespacesOf, snapshotsOf } from './stores.ts';

// Older servers do not say either.
const standing = ({ state: { version } }: PbsHost, store: Datastore) => ({
  ...(isAtLeast(version, '3.3') ? { 'mount-status': mountStatus(store) } : {}),
  ...(isAtLeast(version, '4.0') ? { 'backend-type': s3Of(store) === undefined ? 'filesystem' : 's3' } : {}),
});

function mountStatus({ options, mounted }: Datastore): string {
  if (options['backing-device'] === undefined) return 'nonremovable';
  return mounted === true ? 'mounted' : 'notmounted';
}

const seesStore = (host: PbsHost, call: PbsCall, { name }: Datastore): boolean =>
  may(host, call, aclPath(name), 'Datastore.Audit', 'Datastore.Backup');
const seesSomeOf = (host: PbsHost, call: PbsCall, { name }: Datastore): boolean =>
  namespacesOf(host, name).some((namespace) => mayEnter(host, call, name, namespace));

const sizes = ({ total, used }: Datastore) => ({ total, used, avail: total - used });
/** By type; a type without a group is left out. */
function countsOf(host: PbsHost, store: string): Readonly<Record<string, { groups: number; snapshots: number }>> {
  const counts: Record<string, { groups: number; snapshots: number }> = {};
  for (const group of namespacesOf(host, store).flatMap((namespace) => groupsIn(host, store, namespace))) {
    const count = counts[group.type] ?? { groups: 0, snapshots: 0 };
    count.groups += 1;
    count.snapshots += snapshotsOf(host, store, group).length;
    counts[group.type] = count;
  }
  return counts;
}

const slotSeconds = 1800;
const slots = (30 * 86_400) / slotSeconds;
/** The share of what is used now that came in those thirty days. */
const grown = 0.1;

/** As a store that filled evenly: the line through its history meets 1 on the day it will be full. */
function usageOf(host: PbsHost, datastore: Datastore) {
  const problem = maintenanceOf(datastore, false);
  if (problem !== undefined) return { error: problem };
  const ratio = datastore.used / datastore.total;
  const perSlot = (ratio * grown) / slots;
  const end = Math.floor(host.now() / 1000 / slotSeconds) * slotSeconds;
  return {
    ...sizes(datastore),
    history: Array.from({ length: slots }, (_, slot) => ratio - perSlot * (slots - 1 - slot)),
    'history-start': end - slots * slotSeconds,
    'history-delta': slotSeconds,
    'estimated-full-date': perSlot === 0 ? 0 : Math.round(end + ((1 - ratio) / perSlot) * slotSeconds),
    'gc-status': collectionOf(host, datastore),
  };
}

export const datastores: PbsHandlers = {
  'GET /admin/datastore': (host, call) => {
    const seen = host.state.datastores.filter((one) => seesStore(host, call, one) || seesSomeOf(host, call, one));
    const rows = seen.map((store) => ({
      store: store.name,
      ...(store.comment === undefined ? {} : { comment: store.comment }),
      ...(store.options['maintenance-mode'] === undefined ? {} : { maintenance: store.options['maintenance-mode'] }),
      ...standing(host, store),
    }));
    return answerWith(host.chance.shuffled(rows));
  },
  'GET /admin/datastore/{store}/status': (host, call) => {
    const store = required(call.params, 'store');
    const whole = may(host, call, aclPath(store), 'Datastore.Audit', 'Datastore.Backup');
    const some = namespacesOf(host, store).some((namespace) => mayEnter(host, call, store, namespace));
    if (!whole && !some) throw forbidden();
    const datastore = datastoreNamed(host, store);
    const problem = maintenanceOf(datastore, false);
    if (problem !== undefined) throw badRequest(problem);
    const { 'mount-status': _mount, ...backend } = standing(host, datastore);
    if (!whole) return answerWith({ total: 0, used: 0, avail: 0, ...backend });
    const verbose =
      call.params['verbose'] === true
        ? { 'gc-status': collectionOf(host, datastore), counts: countsOf(host, store) }
        : {};
    return answerWith({ ...sizes(datastore), ...verbose, ...backend });
  },
  'GET /status/datastore-usage': (host, call) => {
    const rows = host.state.datastores.flatMap((datastore) => {
      const known = { store: datastore.name, ...standing(host, datastore) };
      if (seesStore(host, call, datastore)) return [{ ...known, ...usageOf(host, datastore) }];
      return seesSomeOf(host, call, datastore) ? [known] : [];
    });
    return answerWith(host.chance.shuffled(rows));
  },
};
