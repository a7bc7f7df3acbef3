// What the type of a storage says of the disks on it: whether a container there can be snapshotted, and whether a disk gets its
// whole size at once. Containers have no qcow2, so a folder has no snapshots for them. Types that are not here are unknown,
// not fine.
export type StorageTraits = Readonly<{ snapshots: boolean; thick: boolean }>;

const traits: Readonly<Record<string, StorageTraits>> = {
  btrfs: { snapshots: true, thick: false },
  cephfs: { snapshots: false, thick: false },
  cifs: { snapshots: false, thick: false },
  dir: { snapshots: false, thick: false },
  glusterfs: { snapshots: false, thick: false },
  iscsi: { snapshots: false, thick: true },
  iscsidirect: { snapshots: false, thick: true },
  lvm: { snapshots: false, thick: true },
  lvmthin: { snapshots: true, thick: false },
  nfs: { snapshots: false, thick: false },
  rbd: { snapshots: true, thick: false },
  zfs: { snapshots: true, thick: true },
  zfspool: { snapshots: true, thick: true },
};

export const traitsOf = (type: string): StorageTraits | undefined =>
  Object.hasOwn(traits, type) ? traits[type] : undefined;

const spared = new Set(['zfs', 'zfspool']);
const filled = new Set(['falloc', 'full']);

/** Undefined where the type is not known. An entry can make its disks thin (`sparse`), or thick (`preallocation`). */
export function isThick(
  type: string,
  { sparse, preallocation }: Readonly<{ sparse: boolean; preallocation: string | undefined }>,
): boolean | undefined {
  if (spared.has(type)) return !sparse;
  const usual = traitsOf(type)?.thick;
  return usual === false && filled.has(preallocation ?? '') ? true : usual;
}

/** The file systems on which vzdump copies a container beside its archive, and not to /var/tmp (facts: pve-api section 5). */
export const stagesBeside: ReadonlySet<string> = new Set(['ext3', 'ext4', 'nfs', 'nfs4', 'reiserfs', 'xfs']);
