// What lies on the disks below every file system, and without which none of them can be opened again: partition tables, the
// metadata of volume groups, LUKS headers.
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords, must, versionOf } from '../common/commands.ts';
import { besides, roomFor, type Staging, timeless } from './staging.ts';

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** `vgcfgbackup` writes the metadata that is in use; `vgcfgrestore` takes it back. */
export async function gatherVolumeGroups(staging: Staging, signal: AbortSignal): Promise<number> {
  const { machine } = staging;
  if ((await versionOf(machine, 'vgs')) === undefined) return 0;
  const listed = await must(machine, ['vgs', '--noheadings', '--options', 'vg_name'], { signal });
  const groups = linesOf(listed.stdout);
  if (groups.length === 0) return 0;
  const folder = await besides(staging, 'lvm');
  for (const group of groups) {
    const file = join(folder, `${group}.vg`);
    await must(machine, ['vgcfgbackup', '--file', file, group], { signal });
    await timeless(machine, file, signal);
  }
  await timeless(machine, folder, signal);
  return groups.length;
}

const disks = z.object({ blockdevices: z.array(z.object({ path: z.string(), type: z.string() })) });

export async function gatherPartitionTables(staging: Staging, signal: AbortSignal): Promise<number> {
  const { machine } = staging;
  const argv = ['lsblk', '--json', '--paths', '--nodeps', '--output', 'PATH,TYPE'] as const;
  const { blockdevices } = disks.parse(JSON.parse((await must(machine, argv, { signal })).stdout));
  const folder = await besides(staging, 'partitions');
  let taken = 0;
  for (const { path } of blockdevices.filter(({ type }) => type === 'disk')) {
    const dumped = await machine.run(['sfdisk', '--dump', path], { signal });
    // A disk may hold a file system, a volume group or nothing at all.
    if (/does not contain a recognized partition table/.test(dumped.stderr)) continue;
    if (dumped.exitCode !== 0) throw incomplete(path, `sfdisk: ${lastWords(dumped)}`);
    const file = join(folder, `${nameOf(path)}.sfdisk`);
    await machine.files.write(file, dumped.stdout, 0o600);
    await timeless(machine, file, signal);
    taken += 1;
  }
  await timeless(machine, folder, signal);
  return taken;
}

/**
 * A header is all that stands between a passphrase and the data; with it and an old passphrase an old copy opens, too.
 *
 * @param declared beside those that blkid finds
 */
export async function gatherLuksHeaders(staging: Staging, declared: readonly string[], signal: AbortSignal) {
  const { machine } = staging;
  const found = await machine.run(['blkid', '--match-token', 'TYPE=crypto_LUKS', '--output', 'device'], { signal });
  // blkid says 2 where there is none.
  if (found.exitCode !== 0 && found.exitCode !== 2) throw incomplete('blkid', lastWords(found));
  const devices = new Set([...declared, ...linesOf(found.stdout)]);
  if (devices.size === 0) return 0;
  const folder = await besides(staging, 'luks');
  const failed: string[] = [];
  for (const device of devices) {
    const words = await headerOf(staging, device, folder, signal);
    if (words !== undefined) failed.push(`${device}: ${words}`);
  }
  await timeless(machine, folder, signal);
  if (failed.length > 0) throw incomplete('LUKS headers', failed.join('; '));
  return devices.size;
}

async function headerOf(staging: Staging, device: string, folder: string, signal: AbortSignal) {
  const { machine } = staging;
  const asked = await machine.run(['cryptsetup', 'luksUUID', device], { signal });
  if (asked.exitCode !== 0) return lastWords(asked);
  const file = join(folder, `${nameOf(asked.stdout.trim())}.header`);
  // The header area of LUKS2 is 16 MiB, mostly empty.
  await roomFor(staging, 32 * 1024 * 1024);
  if ((await machine.files.info(file)) !== undefined) return undefined;
  const made = await machine.run(['cryptsetup', 'luksHeaderBackup', device, '--header-backup-file', file], { signal });
  if (made.exitCode !== 0) return lastWords(made);
  await dig(machine, file, signal);
  return undefined;
}

/** Its empty parts become holes. On a file system without holes it stays as it is. */
async function dig(machine: Machine, file: string, signal: AbortSignal): Promise<void> {
  await must(machine, ['chmod', '0600', '--', file], { signal });
  await machine.run(['fallocate', '--dig-holes', file], { signal });
  await timeless(machine, file, signal);
}

/** One name for a device or a UUID, whatever is in it. */
const nameOf = (text: string): string =>
  text.replace(/^\/dev\//, '').replaceAll(/[^A-Za-z0-9._-]/g, (letter) => `_${letter.codePointAt(0)?.toString(16)}_`);

const incomplete = (where: string, says: string): Fault =>
  new Fault('item-incomplete', {
    where: shown(where),
    says: shown(says),
    remedy: 'run the command by hand to see more; the other items of the host were taken all the same',
  });
