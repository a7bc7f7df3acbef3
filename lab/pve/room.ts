// How much is free where data would land, and what that means for a backup (facts: failure-signatures section 4).
import { type GuestVolume, volumesOf } from './guest-config.ts';
import type { Guest, PveState, StorageEntry } from './state.ts';

export type Sizes = Readonly<{ total: number; used: number; avail: number }>;

const gib = 1024 ** 3;
const madeUp: Sizes = { total: 94 * gib, used: 31 * gib, avail: 63 * gib };

const sizesIn = ({ total, used }: Readonly<{ total: number; used: number }>): Sizes => ({
  ...{ total, used, avail: Math.max(0, total - used) },
});

const rootSizes = ({ hardware }: PveState): Sizes => sizesIn(hardware.root);

/** Storages whose entry says that a disk belongs there are off while it is not mounted. */
export const isUnmounted = (state: PveState, { storage, options }: StorageEntry): boolean =>
  state.disks[storage]?.mounted === false && !['undefined', 'no', '0'].includes(String(options['is_mountpoint']));

/** A directory without its disk is as large as what it lies on. */
export function sizesOn(state: PveState, { storage, type }: StorageEntry): Sizes {
  const disk = state.disks[storage];
  if (disk?.mounted === true) return sizesIn(disk);
  return type === 'dir' ? rootSizes(state) : madeUp;
}

/** Where the lab makes figures up, nothing runs full. */
const counts = (state: PveState): boolean => Object.keys(state.disks).length > 0;

const snapshots = ['lvmthin', 'zfspool'];
const included = (guest: Guest): readonly GuestVolume[] => volumesOf(guest).filter((volume) => volume.included);

const typeOf = (state: PveState, volume: GuestVolume): string | undefined =>
  state.storages.find(({ storage }) => storage === volume.storage)?.type;

/** False where a volume of a container lies on a storage that cannot: its backup is then taken in suspend mode. */
export const canSnapshot = (state: PveState, guest: Guest): boolean =>
  included(guest).every((volume) => {
    const type = typeOf(state, volume);
    return type === undefined || snapshots.includes(type);
  });

const sum = (volumes: readonly GuestVolume[]): number => volumes.reduce((bytes, { size }) => bytes + size, 0);

/** Bytes of its disks that hold something. */
export const writtenBytes = (guest: Guest): number => guest.written ?? Math.round(sum(included(guest)) * 0.3);

/** Whether a container's copy fits where it is staged. */
export const fitsStaging = (state: PveState, guest: Guest): boolean =>
  !counts(state) || state.vzdumpConf['tmpdir'] !== undefined || writtenBytes(guest) <= rootSizes(state).avail;

export const fitsDirectory = (state: PveState, entry: StorageEntry, bytes: number): boolean =>
  !counts(state) || bytes <= sizesOn(state, entry).avail;

/** On a thick storage an image for fleecing takes the whole size of its disk at once: the disks that find no room there. */
export function unfleeced(state: PveState, guest: Guest, storage: string): readonly GuestVolume[] {
  const entry = state.storages.find((one) => one.storage === storage);
  if (entry?.type !== 'lvm' || !counts(state)) return [];
  let { avail } = sizesOn(state, entry);
  return included(guest).filter(({ size }) => {
    if (size > avail) return true;
    avail -= size;
    return false;
  });
}
