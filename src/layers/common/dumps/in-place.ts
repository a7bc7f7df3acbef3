// A restore that gives a dump to what takes it in whole, in the place of what is there: a vault, a program. Nothing can be put beside,
// so the way back is the dump that was taken before. Whether anything was touched stands in a file beside the points, for whoever
// finishes the run.
import { join } from 'node:path';
import type * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { absent } from '../../../model/step.ts';
import type { Json } from '../../../values/canonical.ts';
import { parseInstant } from '../../../values/instant.ts';
import { kindOf } from '../../../values/ref.ts';
import { givenOf } from '../given.ts';
import { forAge } from '../points/encryption.ts';
import { digestOfPoint } from '../points/expects.ts';
import { readManifest } from '../points/manifest.ts';
import { layerFolder, partialFolder, pointId } from '../points/places.ts';
import type { DumpEntry } from './entry.ts';
import { opened } from './opened.ts';
import { type Taken, takenIn } from './taken.ts';

export type InPlaceGiven = Readonly<{
  entry: DumpEntry;
  /** that the points lie on */
  points: string;
  /** of the point */
  folder: string;
  taken: Taken;
  /** when the restore was planned: names the point of before */
  planned: string;
}>;

export type Putting = Readonly<{
  /** what was dumped, anew with each call, compared with what was sealed when it has passed */
  dump(): AsyncIterable<Uint8Array>;
  /** of it */
  bytes: number;
  /** it leads back: the dump is the one that was taken before */
  back: boolean;
  /** right before the first byte goes there */
  begins(): Promise<void>;
  /** it was refused, and nothing is other than before */
  spared(): Promise<void>;
}>;

export type InPlace<Given extends InPlaceGiven> = Readonly<{
  /** of the step */
  name: string;
  schema: z.ZodType<Given>;
  put(given: Given, putting: Putting, context: StepContext): Promise<Pick<Done, 'result' | 'degraded'>>;
  release?(given: Given, context: StepContext): Promise<void>;
}>;

export function inPlaceKind<Given extends InPlaceGiven>({ name, schema, put, release }: InPlace<Given>): StepKind {
  const placed = (context: StepContext) => {
    const given = givenOf(schema, context.step);
    return { given, machine: context.world.machine(given.points), mark: markOf(given.entry, context) };
  };
  return {
    name,

    observe: async (context, subject) => {
      const { given, machine } = placed(context);
      return kindOf(subject) === 'restore-point' ? digestOfPoint(machine.files, given.folder) : absent;
    },

    do: async (context): Promise<Done> => {
      const { given, machine, mark } = placed(context);
      const write = async (word: 'begun' | 'done', result: Json = null): Promise<void> => {
        await machine.files.makeFolder(mark, 0o700);
        await machine.files.write(join(mark, word), JSON.stringify(result), 0o600);
      };
      const done = await put(
        given,
        {
          dump: dumpIn(machine, given.folder, given.taken, given.entry, context),
          bytes: given.taken.bytes,
          back: false,
          begins: () => {
            context.take('word of what is touched', mark);
            return write('begun');
          },
          spared: () => machine.files.remove(mark),
        },
        context,
      );
      await write('done', done.result);
      return done;
    },

    probe: async (context) => {
      const { machine, mark } = placed(context);
      const result = await machine.files.read(join(mark, 'done'), 64 * 1024);
      return result === undefined
        ? { answer: 'not done', evidence: 'nobody saw it taken in to its end' }
        : { answer: 'done', evidence: 'it was taken in', result: JSON.parse(Buffer.from(result).toString()) };
    },

    undo: async (context, fate) => {
      const { given, machine, mark } = placed(context);
      if (fate !== 'done' && (await machine.files.info(join(mark, 'begun'))) === undefined) return;
      const { folder, taken } = await before(machine, given, context);
      const nothing = async (): Promise<void> => {};
      const dump = dumpIn(machine, folder, taken, given.entry, context);
      await put(given, { dump, bytes: taken.bytes, back: true, begins: nothing, spared: nothing }, context);
      await machine.files.remove(mark);
    },

    release: async (context) => {
      const { given, machine, mark } = placed(context);
      await release?.(given, context);
      await machine.files.remove(mark);
    },
  };
}

const markOf = (entry: DumpEntry, { run, step }: StepContext): string =>
  partialFolder(layerFolder(entry), run, `touched-${step.id}`);

const dumpIn = (machine: Machine, folder: string, taken: Taken, { identity }: DumpEntry, context: StepContext) =>
  async function* (): AsyncGenerator<Uint8Array> {
    const secret = identity && (await context.world.secret(identity, forAge));
    yield* opened({ machine, folder, taken, identity: secret }, context);
  };

/** The dump that this run has taken before it touched anything. @throws Fault `safety-dump-missing` */
async function before(
  machine: Machine,
  { entry, planned, taken }: InPlaceGiven,
  { run }: StepContext,
): Promise<Readonly<{ folder: string; taken: Taken }>> {
  const at = parseInstant(planned);
  if (at === undefined) throw new Error(`a plan gave ${planned} as a time`);
  const folder = join(layerFolder(entry), pointId(at, run, 'before'));
  const manifest = await readManifest(machine.files, folder);
  const found = 'problem' in manifest ? undefined : takenIn(manifest).find(({ name }) => name === taken.name);
  if (found !== undefined) return { folder, taken: found };
  throw new Fault('safety-dump-missing', {
    where: folder,
    says: `what was there before cannot be put back: ${'problem' in manifest ? manifest.problem : 'it is not in that point'}`,
    remedy: 'restore a point that is whole (`holdfast points`)',
  });
}
