// The archives of a point: written by tar straight to the disk, followed as they grow, and counted when they are whole.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Ended, Machine } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { followed } from '../common/points/part.ts';
import { fullOr } from '../common/records.ts';
import { createArgv } from '../common/trees/archive.ts';
import { namesIn } from '../common/trees/listing.ts';
import { proveMembers } from '../common/trees/members.ts';
import { partNames } from '../common/trees/parts.ts';

export type CopyPlaces = Readonly<{ machine: Machine; image: string; mount: string; partial: string; work: string }>;

export type Archiving = Readonly<{
  which: 'contents' | 'devices';
  /** how many entries the listing has for it */
  expected: number;
  /** how long it will be, about */
  bytes: number;
}>;

export async function writeArchive(
  places: CopyPlaces,
  { which, expected, bytes }: Archiving,
  context: StepContext,
): Promise<Part> {
  const { machine, image, mount, partial, work } = places;
  const path = join(partial, partNames[which]);
  await (await machine.files.sink(path, 0o600)).close();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const written = machine.run(createArgv(mount, namesIn(work)[which], path), { signal });
  try {
    const part = await followed(machine, path, written, bytes, context);
    const fault = createFault(await written, image, partial, await roomFigures(machine, partial, bytes));
    if (fault !== undefined) throw fault;
    await proveMembers(machine, path, expected, context.signal);
    return part;
  } catch (error) {
    stop.abort(error);
    await written.catch(() => {});
    throw error;
  }
}

async function roomFigures(machine: Machine, folder: string, bytes: number): Promise<string> {
  const { free, total } = await machine.files.space(folder);
  const [need, left, all] = [bytes, free, total].map((one) => formatSize(sizeOf(one)));
  return ` (about ${need} were needed, ${left} of ${all} are free)`;
}

/** What the end of `tar --create` means. A read-only file system does not change: 1 ("changed as we read it") is no warning here. */
function createFault(ended: Ended, image: string, folder: string, figures: string): Fault | undefined {
  if (ended.exitCode === 0) return undefined;
  const words = lastWords(ended);
  const fault =
    ended.exitCode === 1
      ? new Fault('image-changed-while-read', {
          where: shown(image),
          says: `tar: ${words}`,
          remedy: 'shut down the guest that uses it, or protect a snapshot of it; then run it again',
        })
      : new Fault('archive-incomplete', {
          where: shown(image),
          says: `tar could not archive everything: ${words}`,
          remedy: 'check the file system with its own tool (fsck) on a copy, and the disk it lies on (dmesg)',
        });
  return fullOr(fault, words, folder, figures);
}
