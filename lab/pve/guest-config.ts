// The file of a guest, and the disks that stand in it (facts: pve-api section 5 on what a backup takes of them).
import { createHash } from 'node:crypto';
import type { Guest, GuestConfig } from './state.ts';

export type GuestVolume = Readonly<{
  /** `scsi0`, `rootfs`, `mp1` */
  key: string;
  /** `local-lvm:vm-109-disk-0`, or the path of a bind mount */
  volume: string;
  /** undefined for a path */
  storage: string | undefined;
  /** bytes, 0 where none is said */
  size: number;
  /** where it is mounted in a container */
  mountedAt: string | undefined;
  included: boolean;
  /** PVE's own word for why */
  reason: string;
}>;

const gib = 1024 ** 3;

/** Where a guest of the lab says nothing of its file: one disk, as large as it says, on the storage for disks. */
export function configOf(guest: Guest): GuestConfig {
  const { vmid, type, name, disk, memory, cores, template, tags } = guest;
  const size = `${Math.round(disk / gib)}G`;
  const own: GuestConfig =
    type === 'qemu'
      ? { name, memory: String(Math.round(memory / 1024 ** 2)), scsi0: `local-zfs:vm-${vmid}-disk-0,size=${size}` }
      : {
          hostname: name,
          memory: Math.round(memory / 1024 ** 2),
          rootfs: `local-zfs:subvol-${vmid}-disk-0,size=${size}`,
        };
  const config = guest.config ?? own;
  return {
    ...{ cores, ...config },
    ...(template ? { template: 1 } : {}),
    ...(tags === '' ? {} : { tags }),
    ...(guest.lock === undefined ? {} : { lock: guest.lock }),
  };
}

export const configDigest = (config: GuestConfig): string =>
  createHash('sha1')
    .update(
      Object.entries(config)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
    )
    .digest('hex');

const diskKey = { qemu: /^(?:ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/, lxc: /^(?:rootfs|mp\d+)$/ } as const;

/** In the order of its file; CD-ROMs are none. */
export const volumesOf = (guest: Guest): readonly GuestVolume[] =>
  Object.entries(configOf(guest)).flatMap(([key, value]) => {
    if (!diskKey[guest.type].test(key)) return [];
    const [volume = '', ...rest] = String(value).split(',');
    const options = Object.fromEntries(rest.map((part) => part.split(/=(.*)/s).slice(0, 2) as [string, string]));
    if (options['media'] === 'cdrom') return [];
    const storage = volume.startsWith('/') ? undefined : volume.split(':')[0];
    const { included, reason } = guest.type === 'qemu' ? ofDisk(options) : ofMountPoint(key, storage, options);
    return [{ key, volume, storage, size: bytesOf(options['size']), mountedAt: options['mp'], included, reason }];
  });

type Verdict = Readonly<{ included: boolean; reason: string }>;
const isOff = (value: string | undefined): boolean => value === '0' || value === 'no' || value === 'off';

const ofDisk = (options: Readonly<Record<string, string>>): Verdict =>
  isOff(options['backup']) ? { included: false, reason: 'backup=no' } : { included: true, reason: 'backup=yes' };

function ofMountPoint(key: string, storage: string | undefined, options: Readonly<Record<string, string>>): Verdict {
  if (key === 'rootfs') return { included: true, reason: 'rootfs' };
  if (storage === undefined) return { included: false, reason: 'not a volume' };
  const enabled = options['backup'] !== undefined && !isOff(options['backup']);
  return { included: enabled, reason: enabled ? 'enabled' : 'disabled' };
}

const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: gib, T: 1024 ** 4 };

function bytesOf(size = '0'): number {
  const [, digits = '0', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(size) ?? [];
  return Math.round(Number(digits) * (units[unit] ?? 1));
}
