// A tree that a foreign tool has archived, and files that lie in a point as they are: laid out the same way when the point is made,
// where it proves that the archive can be unpacked, and when it is restored.
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Manifest } from '../../../model/restore-point.ts';
import { must } from '../commands.ts';
import { extractArgv, extractFault } from './archive.ts';

const shape = z.strictObject({
  /** gzip-compressed, by whichever tar */
  archive: z.string().optional(),
  files: z.array(z.string()),
  /** folders on the way that no archive has, the root among them as '' */
  made: z.array(z.string()),
});
/** What the manifest's `details.tree` says of a point that has no `contents.tar`. */
export type Shape = z.infer<typeof shape>;

export const shapeOf = ({ details }: Manifest): Shape | undefined => {
  const parsed = shape.safeParse(details['tree']);
  return parsed.success ? parsed.data : undefined;
};

export type LayingOut = Readonly<{
  machine: Machine;
  tree: string;
  shape: Shape;
  /** the time that what no archive has gets */
  takenAt: string;
  source(name: string): AsyncIterable<Uint8Array>;
  /** for faults: where the tree is meant to go */
  target: string;
}>;

/** @throws Fault `unpack-failed` where the archive is not whole */
export async function layOut(
  { machine, tree, shape: { archive, files, made }, takenAt, source, target }: LayingOut,
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): Promise<void> {
  if (archive !== undefined)
    await unpackInto(machine, tree, target, counted(source(archive), archive, progress), signal);
  for (const name of files) {
    const sink = await machine.files.sink(join(tree, name), 0o600);
    try {
      for await (const piece of source(name)) await sink.write(piece);
    } catch (error) {
      await sink.abandon();
      throw error;
    }
    await sink.close();
    await setTime(machine, join(tree, name), takenAt, signal);
  }
  for (const name of made.toSorted((one, other) => other.length - one.length)) {
    const folder = join(tree, name);
    await must(machine, ['chmod', name === '' ? '00700' : '00755', '--', folder], { signal });
    await setTime(machine, folder, takenAt, signal);
  }
}

const setTime = (machine: Machine, path: string, time: string, signal: AbortSignal) =>
  must(machine, ['touch', '--no-create', `--date=${time}`, '--', path], { signal });

async function unpackInto(
  machine: Machine,
  tree: string,
  target: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const feeding = machine.feed(extractArgv(tree, 'gzip'), { signal });
  let reading = true;
  try {
    // Where tar stops early, the rest is read all the same: that the point is damaged is the better answer.
    for await (const piece of pieces) if (reading) reading = await feeding.write(piece);
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const fault = extractFault(await feeding.close(), target, ` (in ${dirname(tree)})`);
  if (fault !== undefined) throw fault;
}

async function* counted(pieces: AsyncIterable<Uint8Array>, name: string, progress: StepContext['progress']) {
  let done = 0;
  for await (const piece of pieces) {
    done += piece.length;
    progress({ done, unit: 'bytes', what: `unpacking ${name}` });
    yield piece;
  }
}
