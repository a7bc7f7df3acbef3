// The step `lvm-thin.safety`: what the volume holds now becomes a restore point like any other, held against retention: a restore
// that was a mistake can be taken back a week later, too.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { heldBeforeRestore } from '../../../model/restore-point.ts';
import { absent } from '../../../model/step.ts';
import { originWord } from '../../common/lvm/names.ts';
import type { Volume } from '../../common/lvm/report.ts';
import { sinceBootText } from '../../common/lvm/snapshots.ts';
import { tagOf, tagsOf } from '../../common/lvm/tags.ts';
import { pointId } from '../../common/points/places.ts';
import { liveOf, type Swapping, swappingIn } from './given.ts';
import { addTags, makeSnapshot, removeOurs, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';
import { stateOf } from './state.ts';

export const safetyKind: StepKind = {
  name: 'lvm-thin.safety',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { names } = swapping;
    const { clock } = context.world;
    const live = liveOf(swapping);
    const id = pointId(clock.now(), context.run, originWord(live.uuid));
    context.take('snapshot', names.safety);
    await makeSnapshot(swapping, live.lv, names.safety, tagsFor(context, swapping, id), context.signal);
    const taken = await volumeNamed(swapping, names.safety, context.signal);
    if (!holds(taken, swapping))
      throw new Fault('safety-copy-differs', {
        where: `${swapping.vg}/${live.lv}`,
        says: `the snapshot ${names.safety} is not one of this volume: somebody else is at work on it`,
        remedy: 'see who works on the volume group (`lvs`, other backups), then restore again; nothing was replaced',
      });
    await addTags(swapping, names.safety, [tagOf('sealed', clock.now())]);
    return { result: { point: id, volume: names.safety } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const { names } = swapping;
    const found = await patiently(context, () => volumeNamed(swapping, names.safety, context.signal));
    return holds(found, swapping) && isSealed(found)
      ? { answer: 'done', evidence: `${names.safety} is sealed`, result: { volume: names.safety } }
      : { answer: 'not done', evidence: `${names.safety} is not sealed` };
  },

  /** It is given up only where what it keeps is the volume in its place again. */
  undo: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      const found = await volumeNamed(swapping, swapping.names.safety, context.signal);
      if (found === undefined) return;
      const { state } = await stateOf(swapping, context.run, context.signal);
      if (state === 'settled') return;
      if (state !== 'untouched')
        throw new Fault('safety-copy-kept', {
          where: `${swapping.vg}/${found.name}`,
          says: `the volume it keeps is not back in its place (${state}), so it stays`,
          remedy: 'put the volume back as the log of the run says; until then this is the second copy of what it held',
        });
      await removeOurs(swapping, found.name);
    }),
};

/** Whether it is a snapshot of the very volume that is replaced, under whichever name that is now. */
export const holds = (safety: Volume | undefined, given: Swapping): boolean =>
  safety !== undefined && safety.originUuid === liveOf(given).uuid;

export const isSealed = (safety: Volume | undefined): boolean =>
  safety?.tags.some((tag) => tag.startsWith(tagOf('sealed', ''))) === true;

function tagsFor(context: StepContext, swapping: Swapping, id: string): readonly string[] {
  const live = liveOf(swapping);
  const { point } = swapping;
  const { clock } = context.world;
  const sinceBoot = clock.sinceBoot?.();
  return tagsOf({
    ...{ point: id, layer: point.layer, run: context.run, workload: point.workload, taken: clock.now() },
    ...{ origin: live.lv, originUuid: live.uuid, line: live.line, volume: live.volume },
    ...(live.claim === null ? {} : { claim: live.claim }),
    ...(live.storage_class === null ? {} : { storageClass: live.storage_class }),
    ...(sinceBoot === undefined ? {} : { sinceBoot: sinceBootText(sinceBoot) }),
    held: heldBeforeRestore(context.run),
  });
}
