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
import { createArgv, listArgv } from '../common/trees/archive.ts';
import { namesIn } from '../common/trees/listing.ts';
import { partNames } from '../common/trees/parts.ts';
import type { CopyPlaces } from './copy-listing.ts';

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

const newline = 0x0a;

/** That tar ended well does not say that it archived everything it was told to. */
async function proveMembers(machine: Machine, path: string, expected: number, signal: AbortSignal): Promise<void> {
  const { stdout, ended } = machine.stream(listArgv(path), { signal });
  let members = 0;
  for await (const chunk of stdout)
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) members += 1;
  const end = await ended;
  if (end.exitCode === 0 && members === expected) return;
  throw new Fault('archive-incomplete', {
    where: shown(path),
    says: `it holds ${members} of the ${expected} entries that were listed${end.exitCode === 0 ? '' : `; tar: ${lastWords(end)}`}`,
    remedy: 'see the log of the run; check the file system of the image, and the disk that restore points go to',
  });
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
