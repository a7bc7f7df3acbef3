// The few commands of LVM that a restore needs, each with the same words in the same order. What is removed has a name of ours;
// what is renamed is the volume that is replaced, or has one.
import { Fault } from '../../../fault.ts';
import type { Argv, Machine } from '../../../machines/machine.ts';
import { findVolume, listVolumes, lvmDeadline, lvmEnvironment, lvmFailed } from '../../common/lvm/list.ts';
import { isOurs } from '../../common/lvm/names.ts';
import type { Volume } from '../../common/lvm/report.ts';

export type Within = Readonly<{ on: Machine; vg: string }>;

async function lvm({ on }: Within, argv: Argv, signal?: AbortSignal): Promise<void> {
  const options = { env: lvmEnvironment, deadline: lvmDeadline, ...(signal === undefined ? {} : { signal }) };
  const ended = await on.run(argv, options);
  if (ended.exitCode !== 0) throw lvmFailed(on, argv, ended.stderr || ended.stdout, ended.exitCode);
}

export const volumeNamed = ({ on, vg }: Within, lv: string, signal?: AbortSignal): Promise<Volume | undefined> =>
  findVolume(on, vg, lv, signal);

export const allVolumes = ({ on, vg }: Within, signal?: AbortSignal): Promise<readonly Volume[]> =>
  listVolumes(on, vg, signal);

export type NewClone = Readonly<{
  name: string;
  of: string;
  tags: readonly string[];
  skipsActivation: boolean;
}>;

/** A thin snapshot is a writable copy on its own feet: its origin may go, and never notices. It is not activated here. */
export function makeClone(within: Within, clone: NewClone, signal?: AbortSignal): Promise<void> {
  const { name, of, tags, skipsActivation } = clone;
  return lvm(
    within,
    [
      ...(['lvcreate', '-an', '-s', `-k${skipsActivation ? 'y' : 'n'}`] as const),
      ...['-n', name],
      ...tags.flatMap((tag) => ['--addtag', tag]),
      `${within.vg}/${of}`,
    ],
    signal,
  );
}

/** It keeps LVM's flag for snapshots: nobody activates it by accident. */
export const makeSnapshot = (
  within: Within,
  of: string,
  name: string,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> =>
  lvm(
    within,
    ['lvcreate', '-s', '-n', name, ...tags.flatMap((tag) => ['--addtag', tag]), `${within.vg}/${of}`],
    signal,
  );

export const extendTo = (within: Within, lv: string, bytes: number, signal?: AbortSignal): Promise<void> =>
  lvm(within, ['lvextend', '-L', `${bytes}b`, `${within.vg}/${lv}`], signal);

export const addTags = (within: Within, lv: string, tags: readonly string[]): Promise<void> =>
  lvm(within, ['lvchange', ...tags.flatMap((tag) => ['--addtag', tag]), `${within.vg}/${lv}`]);

export const takeTags = (within: Within, lv: string, tags: readonly string[]): Promise<void> =>
  lvm(within, ['lvchange', ...tags.flatMap((tag) => ['--deltag', tag]), `${within.vg}/${lv}`]);

export const makeReadOnly = (within: Within, lv: string): Promise<void> =>
  lvm(within, ['lvchange', '-pr', `${within.vg}/${lv}`]);

/** PVE 9 sets it on the disks of guests, so that only the node that runs them has them. lvcreate refuses it for snapshots. */
export const neverAutoactivate = (within: Within, lv: string): Promise<void> =>
  lvm(within, ['lvchange', '--setautoactivation', 'n', `${within.vg}/${lv}`]);

/** By name, and whatever its skip flag says. */
export const activate = (within: Within, lv: string, signal?: AbortSignal): Promise<void> =>
  lvm(within, ['lvchange', '-ay', '-K', `${within.vg}/${lv}`], signal);

export const deactivate = (within: Within, lv: string, signal?: AbortSignal): Promise<void> =>
  lvm(within, ['lvchange', '-an', `${within.vg}/${lv}`], signal);

export const rename = (within: Within, from: string, to: string): Promise<void> =>
  lvm(within, ['lvrename', within.vg, from, to]);

export async function removeOurs(within: Within, lv: string): Promise<void> {
  if (!isOurs(lv)) throw new Error(`${lv} is none of ours, and nothing else is ever removed`);
  await lvm(within, ['lvremove', '-f', `${within.vg}/${lv}`]);
}

/** Undefined fields are refused by an LVM that does not know them: null then. */
export async function autoactivates({ on, vg }: Within, lv: string, signal: AbortSignal): Promise<boolean | null> {
  const argv: Argv = ['lvs', '--noheadings', '-o', 'autoactivation', `${vg}/${lv}`];
  const ended = await on.run(argv, { env: lvmEnvironment, deadline: lvmDeadline, signal });
  if (ended.exitCode === 0) return ended.stdout.trim() === 'enabled';
  if (/Unrecognised field/i.test(ended.stderr)) return null;
  throw lvmFailed(on, argv, ended.stderr, ended.exitCode);
}

export const gone = (where: string, says: string): Fault =>
  new Fault('volume-gone', {
    where,
    says,
    remedy: 'look at the volume group with `lvs -a`, and at the log of the run for what was renamed',
  });
