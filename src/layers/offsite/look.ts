// The step `offsite.look`: what is sealed here, what lies there, and the plan of what is to be done about it.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { givenOf } from '../common/given.ts';
import { layerFolder } from '../common/points/places.ts';
import { protectionOf, refuseWeaker } from '../common/protection.ts';
import { childPlan } from './child-plan.ts';
import { type Ends, endsOf } from './ends.ts';
import { lookGiven } from './given.ts';
import { leftoverNote, lookThere } from './look-there.ts';
import { policyBefore, rememberPolicy } from './policy-before.ts';
import { declared } from './protect.ts';
import { targetOf } from './reach.ts';
import type { OffsiteEntry, SourceLayer } from './schema.ts';
import { sentBefore } from './sent.ts';
import { readSources } from './sources.ts';

export const workFolder = (context: Pick<StepContext, 'run'>, { staging, name }: OffsiteEntry): string =>
  join(staging, `holdfast-${context.run}-${name}`);

export const lookKind: StepKind = {
  name: 'offsite.look',
  observe: async () => declared,

  do: async (context): Promise<Done> => {
    const { entry, layers, timeZone } = givenOf(lookGiven, context.step);
    const { signal, run, world } = context;
    const ends = endsOf(entry, layers, world);
    const work = workFolder(context, entry);
    context.take('folder that it works in', work);
    const target = targetOf(entry, ends, { ...context, work });
    await refuseWeakerCopies(entry, layers, ends, signal);
    await target.check();
    const sources = await readSources(entry, layers, ends, work, signal);
    const seen = target.reads ? await lookThere(await target.reader(), entry, layers, target) : undefined;
    const notes = [...(seen?.notes ?? [])];
    for (const spot of seen?.unfinished ?? [])
      notes.push(leftoverNote(entry.name, spot.layer, spot.name, await target.sizeOf(spot)));
    const known = { sources, seen, sent: sentBefore(entry, world) };
    const before = policyBefore(entry, world);
    const { plan, agreed } = childPlan({ entry, layers, timeZone, run, target, ends, ...known, before, notes });
    if (agreed) rememberPolicy(entry, world);
    return { result: { sending: plan.steps.length }, expands: plan };
  },

  probe: async () => ({ answer: 'not done', evidence: 'nothing was sent yet' }),
  release: async (context) => {
    const { entry } = givenOf(lookGiven, context.step);
    await context.world.machine(entry.machine).files.remove(workFolder(context, entry));
  },
};

/** Points on an encrypted disk do not go to lie in the clear. */
async function refuseWeakerCopies(
  entry: OffsiteEntry,
  layers: readonly SourceLayer[],
  { source, target }: Ends,
  signal: AbortSignal,
): Promise<void> {
  const { protected: said, encrypt_to } = entry;
  if (source.rsyncOnly !== undefined) return;
  for (const layer of layers) {
    if ((await protectionOf(source, layerFolder(layer), signal)) !== 'encrypted') continue;
    const place =
      target === undefined || target.rsyncOnly !== undefined
        ? 'unknown'
        : await protectionOf(target, entry.to ?? '/', signal);
    refuseWeaker(place, entry.remote ?? entry.to ?? '', {
      declared: said?.reason,
      encrypted: encrypt_to !== undefined,
    });
  }
}
