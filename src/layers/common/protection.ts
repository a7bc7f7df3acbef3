// A copy is protected at least as its source: what lies encrypted on a disk that may be stolen must not lie in the clear on
// another one beside it (DESIGN 5, rule 8).
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';

export const protectedField = z
  .strictObject({
    reason: z.string().min(1).describe('what protects it: `disk in a safe`, `encrypted by the NAS itself`'),
  })
  .optional()
  .describe('says that what lies in `to` is protected as well as an encrypted source, though nothing here can see it');

export type Protection = Readonly<{
  /** the reason that the estate gives */
  declared: string | undefined;
  /** what lies there is encrypted to a recipient before it gets there */
  encrypted: boolean;
}>;

/** How a place is protected by what it lies on. */
export type PlaceProtection = 'encrypted' | 'memory' | 'clear' | 'unknown';

const deadline = minutes(1);

/**
 * What lies below the folder, or the nearest one above it that is there: dm-crypt anywhere between the file system and its disks
 * (lsblk --inverse), or nothing but memory. Of network shares and ZFS nobody here can tell.
 */
export async function protectionOf(machine: Machine, folder: string, signal: AbortSignal): Promise<PlaceProtection> {
  const argv = ['findmnt', '--noheadings', '--raw', '--output', 'FSTYPE,SOURCE', '--target'] as const;
  const { stdout, exitCode } = await machine.run([...argv, await existing(machine, folder)], { signal, deadline });
  const [type = '', source = ''] = stdout.trim().split(' ');
  if (exitCode !== 0) return 'unknown';
  if (type === 'tmpfs' || type === 'ramfs') return 'memory';
  const device = source.replace(/\[.*$/, '');
  if (!device.startsWith('/dev/')) return 'unknown';
  const types = await below(machine, [device], signal);
  if (types === undefined) return 'unknown';
  return types.includes('crypt') ? 'encrypted' : 'clear';
}

/** The types of all that the devices are made of, down to the disks; undefined where lsblk cannot tell. */
async function below(machine: Machine, devices: readonly string[], signal: AbortSignal) {
  const argv = ['lsblk', '--inverse', '--noheadings', '--raw', '--output', 'TYPE', '--'] as const;
  const { stdout, exitCode } = await machine.run([...argv, ...devices], { signal, deadline });
  // 64: it knows some of them (lsblk(8)). `/etc/pve` lies on /dev/fuse, which is no disk, and must not hide the others.
  return exitCode === 0 || exitCode === 64 ? stdout.split('\n') : undefined;
}

/** Whether any of these files and folders lies on a disk that is encrypted: then so must a copy. What is not there is on none. */
export async function anyEncrypted(machine: Machine, paths: readonly string[], signal: AbortSignal): Promise<boolean> {
  // It exits with 1 when one of them is not there, and tells of the others.
  const { stdout } = await machine.run(['df', '--output=source', '--', ...paths], { signal, deadline });
  const devices = new Set(stdout.split('\n').filter((source) => source.startsWith('/dev/')));
  return devices.size > 0 && (await below(machine, [...devices], signal))?.includes('crypt') === true;
}

async function existing(machine: Machine, folder: string): Promise<string> {
  let candidate = folder;
  while (candidate !== '/' && (await machine.files.info(candidate)) === undefined)
    candidate = candidate.slice(0, candidate.lastIndexOf('/')) || '/';
  return candidate;
}

/** @throws Fault `copy-less-protected` where what comes from an encrypted source would lie there for anybody who has the disk */
export function refuseWeaker(place: PlaceProtection, folder: string, { declared, encrypted }: Protection): void {
  if (place === 'encrypted' || place === 'memory' || declared !== undefined || encrypted) return;
  throw new Fault('copy-less-protected', {
    where: shown(folder),
    says:
      place === 'clear'
        ? 'the source is encrypted (LUKS), and the disk that the copy would lie on is not'
        : 'the source is encrypted (LUKS), and whether the copy would be, nobody here can tell',
    remedy:
      'choose a folder on a disk that is encrypted, encrypt the points (`encrypt_to`), or say what protects it: `protected: { reason: ... }`',
  });
}
