// Snapshots come from the PVE hosts, whose finished backups appear here.
import type { PbsHost } from './host.ts';
import type { BackupType, Snapshot, SnapshotFile } from './state.ts';
import { maintenanceOf } from './stores.ts';
import { verifyGroups } from './verify.ts';

export type NewSnapshot = Readonly<
  Pick<Snapshot, 'store' | 'namespace' | 'type' | 'id' | 'time' | 'size' | 'owner' | 'comment'>
> &
  Readonly<{
    files?: readonly SnapshotFile[];
    protected?: boolean;
    /** it comes from another store: `verify-new` is about backups */
    synced?: boolean;
  }>;

/** How much a backup adds to a store that has its older chunks already. */
const newShare = 0.05;

/**
 * A finished snapshot; its namespace comes into being with it. A group has one snapshot a second: tasks of the lab can be
 * quicker than that, and the later one then gets the next second. Throws where the store is in maintenance.
 */
export function addSnapshot(host: PbsHost, { synced = false, ...given }: NewSnapshot): void {
  const { state } = host;
  const { store, namespace } = given;
  const datastore = state.datastores.find(({ name }) => name === store);
  const problem = datastore === undefined ? undefined : maintenanceOf(datastore, true);
  if (problem !== undefined) throw new Error(problem);
  const times = state.snapshots.filter((one) => isOfGroup(one, given)).map(({ time }) => time);
  const added = { ...given, time: times.includes(given.time) ? Math.max(...times) + 1 : given.time };
  if (namespace !== '' && !state.namespaces.some((one) => one.store === store && one.name === namespace))
    state.namespaces.push({ store, name: namespace });
  state.snapshots.push(snapshotOf(added));
  if (datastore === undefined) return;
  datastore.used = Math.min(datastore.total, datastore.used + Math.round(added.size * newShare));
  if (datastore.options['verify-new'] === true && !synced) verifyNew(host, added);
}

function verifyNew(host: PbsHost, { store, namespace, type, id, time, owner }: NewSnapshot): void {
  const group = { namespace, type, id, owner };
  host.tasks.start({
    ...{ type: 'verify', id: `${store}:${namespace}:${type}/${id}/${time}`, user: owner },
    asked: { method: 'POST', path: `/admin/datastore/${store}/verify` },
    work: (going) => verifyGroups(host, { store, groups: [group], options: {}, time }, going),
  });
}

const isOfGroup = (one: Snapshot, { store, namespace, type, id }: NewSnapshot): boolean =>
  one.store === store && one.namespace === namespace && one.type === type && one.id === id;

export const snapshotOf = ({ files, protected: isProtected = false, ...added }: NewSnapshot): Snapshot => ({
  ...added,
  protected: isProtected,
  finished: true,
  files: [...(files ?? filesOf(added.type, added.size))],
});

const manifest: SnapshotFile = { filename: 'index.json.blob', size: 512, 'crypt-mode': 'none' };

function filesOf(type: BackupType, size: number): readonly SnapshotFile[] {
  const file = (filename: string, bytes: number): SnapshotFile => ({ filename, size: bytes, 'crypt-mode': 'none' });
  if (type === 'vm') return [file('qemu-server.conf.blob', 420), file('drive-scsi0.img.fidx', size - 932), manifest];
  const config = type === 'ct' ? [file('pct.conf.blob', 300)] : [];
  return [...config, file('catalog.pcat1.didx', 4096), file('root.pxar.didx', Math.max(size - 4908, 0)), manifest];
}
