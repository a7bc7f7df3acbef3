// The step `lvm-thin.remove`: one snapshot of ours goes, if it still is what it was when that was decided.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { changedSincePlanned } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { givenOf } from '../common/given.ts';
import { listVolumes } from '../common/lvm/list.ts';
import { removeVolume } from '../common/lvm/remove.ts';
import type { Volume } from '../common/lvm/report.ts';
import { readTags } from '../common/lvm/tags.ts';
import { removeGiven } from './given.ts';

const listed = async ({ world, step, signal }: StepContext): Promise<readonly Volume[]> => {
  const { machine, vg } = givenOf(removeGiven, step);
  return listVolumes(world.machine(machine), vg, signal);
};

export const removeKind: StepKind = {
  name: 'lvm-thin.remove',

  observe: async () => '',

  do: async (context) => {
    const { layer, machine, vg, lv, uuid, tags, beside } = givenOf(removeGiven, context.step);
    const volumes = await listed(context);
    const found = volumes.find((one) => one.uuid === uuid);
    if (found !== undefined) {
      refuseForeign(found, layer, lv);
      refuseHeld(found);
      if (beside !== undefined) refuseLast(volumes, beside, lv);
      const gone = await removeVolume(context.world.machine(machine), { vg, name: lv, uuid, tags }, context.signal);
      if (!gone) throw changedSincePlanned(lv, 'its tags are others than when it was decided that it may go');
    }
    return { result: { lv } };
  },

  probe: async (context) => {
    const { uuid, lv } = givenOf(removeGiven, context.step);
    return (await listed(context)).some((one) => one.uuid === uuid)
      ? { answer: 'not done', evidence: `${lv} is there` }
      : { answer: 'done', evidence: `${lv} is gone`, result: { lv } };
  },
};

function refuseForeign({ name, tags }: Volume, layer: string, lv: string): void {
  if (name === lv && readTags(tags).tags.layer === layer) return;
  throw changedSincePlanned(lv, `it is called ${name} now, or belongs to another layer`);
}

function refuseHeld({ name, tags }: Volume): void {
  const { held } = readTags(tags).tags;
  if (held === undefined) return;
  throw new Fault('point-held', {
    where: name,
    says: `it is held: ${held === '' ? 'no reason is given' : held}`,
    remedy: 'take the tag `hf.held=...` off (`lvchange --deltag`) when nobody needs the point any more',
  });
}

/** Whatever was decided before: a point without a newer one of the same volume beside it stays. */
function refuseLast(volumes: readonly Volume[], beside: string, lv: string): void {
  const newer = volumes.find((one) => one.uuid === beside);
  if (newer !== undefined && readTags(newer.tags).tags.sealed !== undefined) return;
  throw new Fault('point-is-last', {
    where: lv,
    says: 'the newer restore point of the same volume is gone',
    remedy: 'see what became of it; remove this one by hand if it really is to go',
  });
}
