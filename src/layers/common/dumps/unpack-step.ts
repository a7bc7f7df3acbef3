// The step `dump.unpack`: dumps of a point as the files that they were, each compared with what was sealed before any of them is in place.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { digestOf } from '../../../values/canonical.ts';
import { kindOf } from '../../../values/ref.ts';
import { secretReference } from '../../../values/secret-reference.ts';
import { must } from '../commands.ts';
import { givenOf } from '../given.ts';
import { checkRoom } from '../points/destination.ts';
import { forAge } from '../points/encryption.ts';
import { digestOfPoint } from '../points/expects.ts';
import { writtenPart } from '../points/part.ts';
import { workFolder } from '../points/places.ts';
import { beginIn, checkTarget, emptyTarget, leadBack, type Restoring } from '../trees/target.ts';
import { opened } from './opened.ts';
import { takenSchema } from './taken.ts';

const unpackGiven = z.strictObject({
  machine: z.string(),
  folder: z.string().startsWith('/'),
  target: z.string().startsWith('/'),
  items: z.array(takenSchema).min(1),
  identity: secretReference.optional(),
});

function placed(context: StepContext) {
  const given = givenOf(unpackGiven, context.step);
  const { folder, target, items, identity } = given;
  const machine = context.world.machine(given.machine);
  const work = workFolder(target, context.run);
  const restoring: Restoring = {
    ...{ machine, folder, target, devices: false, identity, scope: undefined, work, tree: join(work, 'tree') },
  };
  return { restoring, items: items.map((taken) => ({ taken, name: fileName(taken) })) };
}

/** A name of a database is anybody's: what would be no plain file name is written as in a URL, and what is too long for one ends in a digest. */
export function fileName({ name, form }: Readonly<{ name: string; form: string }>): string {
  const written = encodeURIComponent(name).replace(/^\./, '%2E');
  const fits = written.length <= 200 ? written : `${written.slice(0, 180)}~${digestOf(name).slice(0, 16)}`;
  return `${fits}.${form}`;
}

export const unpackKind: StepKind = {
  name: 'dump.unpack',

  observe: async (context, subject) => {
    const { machine, folder, target } = placed(context).restoring;
    if (kindOf(subject) === 'folder') {
      await checkTarget(machine, target);
      return emptyTarget;
    }
    return digestOfPoint(machine.files, folder);
  },

  do: async (context): Promise<Done> => {
    const { restoring, items } = placed(context);
    const { machine, folder, target, tree, identity } = restoring;
    await checkRoom(
      machine.files,
      target,
      items.reduce((sum, { taken }) => sum + taken.bytes, 0),
    );
    context.take('folder of the restore', restoring.work);
    await beginIn(restoring);
    const secret = identity && (await context.world.secret(identity, forAge));
    for (const { taken, name } of items)
      await writtenPart(machine, join(tree, name), opened({ machine, folder, taken, identity: secret }, context));
    await must(machine, ['sync', '--file-system', '--', tree], { signal: context.signal });
    for (const { name } of items) await machine.files.rename(join(tree, name), join(target, name));
    return { result: { target, files: items.map(({ name }) => name) } };
  },

  probe: async (context) => {
    const { restoring, items } = placed(context);
    const { files } = restoring.machine;
    for (const { name } of items)
      if ((await files.info(join(restoring.target, name))) === undefined)
        return { answer: 'not done', evidence: `${name} is not in its place` };
    return { answer: 'done', evidence: 'every dump is in its place', result: { target: restoring.target } };
  },

  undo: async (context) => {
    const { restoring, items } = placed(context);
    // The target was empty, and these names are ours: nobody else's file has one of them, unless it was put there meanwhile.
    const { files } = restoring.machine;
    if ((await files.info(restoring.work)) === undefined) return;
    for (const { name } of items) await files.remove(join(restoring.target, name));
    await leadBack(restoring);
  },

  release: async (context) => {
    const { restoring } = placed(context);
    await restoring.machine.files.remove(restoring.work);
  },
};
