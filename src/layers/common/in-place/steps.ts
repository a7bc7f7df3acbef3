// The steps `data.swap` and `data.settle`: what was made ready in the data folder of a server takes the place of what is there, by
// renames within it; the old stays until the server has shown that it runs on the new.
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { absent } from '../../../model/step.ts';
import { givenOf } from '../given.ts';
import { absolutePath } from '../points/entry.ts';
import { type DataFolder, dataFolder, script } from './data-folder.ts';
import { settleScript, swapScript, unswapScript } from './scripts.ts';

const swapGiven = z.strictObject({
  machine: z.string(),
  data: absolutePath,
  /** what there may be in it, of the old or of the new */
  names: z.array(z.string().regex(/^(?!\.{1,2}$)[^/\0\n]+$/)).min(1),
  keep_old: z.boolean(),
});
export type SwapGiven = z.infer<typeof swapGiven>;

async function placed(context: StepContext): Promise<SwapGiven & Readonly<{ folder: DataFolder }>> {
  const given = givenOf(swapGiven, context.step);
  return { ...given, folder: await dataFolder(context.world.machine(given.machine), given.data, context.run) };
}

const swapKind: StepKind = {
  name: 'data.swap',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { folder, names } = await placed(context);
    await script(folder, swapScript, names, context.signal);
    return { result: { data: folder.path } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'it is led back from wherever it stands' }),

  undo: async (context) => {
    const { folder, names } = await placed(context);
    await script(folder, unswapScript, names, context.signal);
  },
};

const settleKind: StepKind = {
  name: 'data.settle',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { folder, keep_old } = await placed(context);
    await settle(folder, keep_old, context);
    return { result: keep_old ? { kept: folder.aside } : {} };
  },

  probe: async (context) => {
    const { folder } = await placed(context);
    return (await isSettled(folder))
      ? { answer: 'done', evidence: 'what was there before has been let go', result: {} }
      : { answer: 'not done', evidence: `${folder.work} still has it` };
  },

  release: async (context) => {
    const { folder, keep_old } = await placed(context);
    if (await isSettled(folder)) await settle(folder, keep_old, context);
  },
};

const isSettled = async ({ machine, work }: DataFolder): Promise<boolean> =>
  (await machine.files.info(`${work}/before`)) === undefined;

const settle = (folder: DataFolder, keep: boolean, { signal }: StepContext): Promise<unknown> =>
  script(folder, settleScript, [folder.aside, keep ? 'stays' : 'goes'], signal);

export const dataSteps: readonly StepKind[] = [swapKind, settleKind];
