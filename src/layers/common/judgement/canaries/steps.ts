// The steps `canary.plant` and `canary.remove`. What is to be planted is remembered before the first one is there, so that a run
// that dies leaves none that nobody knows of.
import * as z from 'zod';
import type { StepContext, StepKind } from '../../../../contracts/step-kind.ts';
import { Fault } from '../../../../fault.ts';
import { absent } from '../../../../model/step.ts';
import { digestOf } from '../../../../values/canonical.ts';
import { count, shown } from '../../../../values/text.ts';
import { givenOf } from '../../given.ts';
import { type Planted, plantedOf, rememberPlanted, type Watching, work } from './canaries.ts';
import { chosenFolders, spotsIn } from './names.ts';
import { foldersOf, namesIn } from './tree.ts';

const given = z.strictObject({
  layer: z.string(),
  machine: z.string(),
  folder: z.string().startsWith('/'),
  /** how many folders get some */
  folders: z.int().positive(),
});

function placed({ step, world, signal }: StepContext) {
  const { layer, machine, folder, folders } = givenOf(given, step);
  const watching: Watching = { machine: world.machine(machine), tree: folder, signal };
  return { layer, folder, folders, watching };
}

const stateOf = (world: StepContext['world'], layer: string): string => {
  const planted = plantedOf(world, layer);
  return planted === undefined ? absent : digestOf(planted);
};

export const plantKind: StepKind = {
  name: 'canary.plant',
  observe: async (context) => stateOf(context.world, placed(context).layer),

  do: async (context) => {
    const { layer, folder, folders, watching } = placed(context);
    const chosen = chosenFolders(await foldersOf(watching), folders);
    const inEach = await namesIn(watching, chosen);
    const paths = inEach
      .flatMap((one, number) => spotsIn(one, number))
      .map((spot) => (spot.folder === '' ? spot.name : `${spot.folder}/${spot.name}`));
    if (paths.length === 0) throw noPlace(folder);
    const planted: Planted = { folder, seed: digestOf([context.run, layer]), paths };
    context.take('canaries', folder);
    rememberPlanted(context.world, layer, { ...planted, planting: context.run });
    const fates = await work('plant', watching, planted);
    const taken = [...fates].filter(([, fate]) => fate !== 'same').map(([path]) => path);
    const left = { ...planted, paths: paths.filter((path) => !taken.includes(path)) };
    if (left.paths.length === 0) throw noPlace(folder);
    rememberPlanted(context.world, layer, left);
    return { result: { planted: left.paths.length, folders: chosen.length } };
  },

  probe: async (context) => {
    const planted = plantedOf(context.world, placed(context).layer);
    return planted !== undefined && planted.planting === undefined
      ? {
          answer: 'done',
          evidence: `${count(planted.paths.length, 'canary', 'canaries')} are remembered`,
          result: { planted: planted.paths.length },
        }
      : { answer: 'not done', evidence: 'not all that were meant to be planted are remembered as planted' };
  },

  undo: async (context) => {
    const { layer, watching } = placed(context);
    const planted = plantedOf(context.world, layer);
    if (planted === undefined) return;
    await work('remove', watching, planted);
    rememberPlanted(context.world, layer, null);
  },
};

export const removeKind: StepKind = {
  name: 'canary.remove',
  observe: async (context) => stateOf(context.world, placed(context).layer),

  do: async (context) => {
    const { layer, watching } = placed(context);
    const planted = plantedOf(context.world, layer);
    if (planted === undefined) return { result: { removed: 0 } };
    const fates = await work('remove', { ...watching, tree: planted.folder }, planted);
    const stays = [...fates].filter(([, fate]) => fate === 'other').map(([path]) => shown(path));
    // Forgotten last: whoever dies before is followed by one who still knows them.
    rememberPlanted(context.world, layer, null);
    return {
      result: { removed: planted.paths.length - stays.length },
      degraded: stays.length === 0 ? [] : [`not removed, since another content lies there: ${stays.join(', ')}`],
    };
  },

  probe: async (context) =>
    plantedOf(context.world, placed(context).layer) === undefined
      ? { answer: 'done', evidence: 'none is remembered any more' }
      : { answer: 'not done', evidence: 'they are remembered still' },
};

const noPlace = (folder: string): Fault =>
  new Fault('canaries-find-no-place', {
    where: shown(folder),
    says: 'no canary could be planted: every name that was tried is taken',
    remedy: 'see whether canaries of a former state lie there still, and remove them',
  });
