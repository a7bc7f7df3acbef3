// Snapshots come from the PVE hosts, whose finished backups appear here.
import type { PbsHost } from './host.ts';
import type { BackupType, Snapshot, SnapshotFile } from './state.ts';

export type NewSnapshot = Readonly<
  Pick<Snapshot, 'store' | 'namespace' | 'type' | 'id' | 'time' | 'size' | 'owner' | 'comment'>
> &
  Readonly<{ files?: readonly SnapshotFile[]; protected?: boolean }>;

/** How much a backup adds to a store that has its older chunks already. */
const newShare = 0.05;

/**
 * A finished snapshot; its namespace comes into being with it. A group has one snapshot a second: tasks of the lab can be
 * quicker than that, and the later one then gets the next second.
 */
export function addSnapshot({ state }: PbsHost, given: NewSnapshot): void {
  const { store, namespace } = given;
  const times = state.snapshots.filter((one) => isOfGroup(one, given)).map(({ time }) => time);
  const added = { ...given, time: times.includes(given.time) ? Math.max(...times) + 1 : given.time };
  if (namespace !== '' && !state.namespaces.some((one) => one.store === store && one.name === namespace))
    state.namespaces.push({ store, name: namespace });
  state.snapshots.push(snapshotOf(added));
  const datastore = state.datastores.find(({ name }) => name === store);
  if (datastore !== undefined)
    datastore.used = Math.min(datastore.total, datastore.used + Math.round(added.size * newShare));
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
