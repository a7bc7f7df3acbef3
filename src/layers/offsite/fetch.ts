// The step `offsite.fetch`: brings a copy beside the folder that it is to be restored into, and then the steps of any restore.
import { dirname, join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { digestOf } from '../../values/canonical.ts';
import { givenOf } from '../common/given.ts';
import { checkRoom } from '../common/points/destination.ts';
import { forAge } from '../common/points/encryption.ts';
import { readManifest } from '../common/points/manifest.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { checkTarget } from '../common/trees/target.ts';
import { endsOf } from './ends.ts';
import { fetchGiven } from './given.ts';
import { isPacked, unpack } from './pack.ts';
import { targetOf } from './reach.ts';
import { emptyOrNone, planOfFetched } from './restore.ts';

function placed(context: StepContext) {
  const given = givenOf(fetchGiven, context.step);
  const near = context.world.machine(given.entry.machine);
  const work = join(dirname(given.target), `.holdfast-${context.run}-fetched`);
  return { ...given, near, work };
}

export const fetchKind: StepKind = {
  name: 'offsite.fetch',

  observe: async (context) => {
    const { near, target } = placed(context);
    await checkTarget(near, target);
    return emptyOrNone;
  },

  do: async (context): Promise<Done> => {
    const { entry, layers, layer, name, manifest: digest, target, near, work, ...given } = placed(context);
    const { world, signal } = context;
    const { only, generation } = given;
    context.take('folder that the copy is fetched into', work);
    await near.files.remove(work);
    await near.files.makeFolder(work, 0o700);
    const from = targetOf(entry, endsOf(entry, layers, world), { ...context, work });
    const fetched = join(work, layer, name);
    for (const folder of [join(work, layer), fetched]) await near.files.makeFolder(folder, 0o700);
    const part = generation ? only : undefined;
    const size = await from.sizeOf({ layer, name }, part);
    if (size !== undefined) await checkRoom(near.files, work, size);
    await from.fetch({ layer, name }, fetched, part);
    const manifest = await readManifest(near.files, fetched);
    if ('problem' in manifest || digestOf(manifest) !== digest) throw otherCopy(`${layer} ${name}`);
    const identity = entry.identity === undefined ? undefined : await world.secret(entry.identity, forAge);
    const whole = isPacked(manifest) ? join(work, layer, 'unpacked') : fetched;
    const original = isPacked(manifest) ? await unpack(near, fetched, identity, whole, context) : manifest;
    const bytes = original.parts.reduce((sum, part) => sum + part.bytes, 0);
    const point: RestorePoint = { manifest: original, machine: near.name, folder: whole, bytes, held: undefined };
    const wish = { point, target, only };
    const { steps, notes, refusals } = planOfFetched(entry, wish, await scoutTree(entry, wish, world, signal));
    for (const { code, says, remedy } of refusals) throw new Fault(code, { where: original.id, says, remedy });
    const because = [`${original.id} was fetched, and is restored from ${work}`];
    return { result: { fetched: original.id }, expands: { because, steps, notes, afterFailure: 'lead back' } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what was fetched is fetched again' }),

  release: async (context) => {
    const { near, work } = placed(context);
    await near.files.remove(work);
  },
};

const otherCopy = (where: string): Fault =>
  new Fault('point-damaged', {
    where,
    says: 'what was fetched has not the manifest of the copy that was chosen',
    remedy: 'look again with `holdfast points`, and restore another copy',
  });
