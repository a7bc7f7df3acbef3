// The disks and mount points of a guest's config, and which of them vzdump passes over: it takes every disk of a VM that does
// not say backup=0, and of a container its root and the mount points that say backup=1; bind mounts and devices never
// (facts: pve-api section 5, and section 9 for devices that are passed through).
import type { GuestDisk, LeftOut } from '../values/guest-disk.ts';
import { bytes, type Size } from '../values/size.ts';
import { flag, flagUnlessOff } from './decode.ts';
import { parsePropertyString } from './property-string.ts';

const diskKeys = {
  vm: /^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/,
  ct: /^(?:rootfs|mp\d+)$/,
} as const;
const bareKey = { vm: 'file', ct: 'volume' } as const;

export function disksIn(kind: 'vm' | 'ct', config: ReadonlyMap<string, string>): readonly GuestDisk[] {
  const found = [...config].filter(([key]) => diskKeys[kind].test(key));
  return found.flatMap(([key, value]) => {
    const options = parsePropertyString(value, bareKey[kind]);
    const volume = options.get(bareKey[kind]) ?? '';
    if (volume === '' || isNoDisk(key, volume, options, config)) return [];
    const storage = volume.startsWith('/') || !volume.includes(':') ? undefined : volume.slice(0, volume.indexOf(':'));
    return [
      { key, value, volume, storage, size: sizeIn(options.get('size')), leftOut: leftOut(kind, key, volume, options) },
    ];
  });
}

function isNoDisk(
  key: string,
  volume: string,
  options: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string>,
): boolean {
  if (volume === 'none' || volume === 'cdrom' || options.get('media') === 'cdrom') return true;
  // Without OVMF the VM does not use it, and vzdump leaves it out by itself.
  return key === 'efidisk0' && config.get('bios') !== 'ovmf';
}

function leftOut(
  kind: 'vm' | 'ct',
  key: string,
  volume: string,
  options: ReadonlyMap<string, string>,
): LeftOut | undefined {
  // First, because without its backup=0 such a disk would still be none.
  if (volume.startsWith('/')) return kind === 'vm' || volume.startsWith('/dev/') ? 'device of the host' : 'bind mount';
  if (kind === 'vm' && !flagUnlessOff(options.get('backup'))) return 'backup=0';
  if (kind === 'ct' && key !== 'rootfs' && !flag(options.get('backup'))) return 'no backup=1';
  return undefined;
}

const units = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

export function sizeIn(text: string | undefined): Size | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : bytes(Math.round(Number(number) * units[unit as keyof typeof units]));
}
