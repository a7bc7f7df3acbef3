// The steps `vaultwarden.take` and `vaultwarden.safety`: one point of what there is, in a run, and before a restore replaces it.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { givenOf } from '../common/given.ts';
import { pointId } from '../common/points/places.ts';
import { type PointPlace, pointPlace, probeSealed, removePartial } from '../common/points/sealing.ts';
import { safetyGiven, takeGiven } from './given.ts';
import type { VaultwardenEntry } from './schema.ts';
import { removeStaging, stagingOf } from './staging.ts';
import { instantOf, takePoint } from './take-point.ts';

async function giveBack(entry: VaultwardenEntry, place: PointPlace, context: StepContext): Promise<void> {
  await removePartial(place);
  await removeStaging(stagingOf(entry, place, context));
}

function placed(context: StepContext) {
  const given = givenOf(takeGiven, context.step);
  return { ...given, place: pointPlace(context, given.entry, given.id) };
}

const giveTakeBack = (context: StepContext): Promise<void> => {
  const { entry, place } = placed(context);
  return giveBack(entry, place, context);
};

export const takeKind: StepKind = {
  name: 'vaultwarden.take',
  observe: async () => absent,

  do: async (context) => {
    const { entry, timeZone, id, takenAt, since_boot: sinceBoot, problem, place } = placed(context);
    if (problem !== undefined) throw new Fault(problem.code, problem);
    return takePoint({ entry, timeZone, id, takenAt: instantOf(takenAt), sinceBoot, before: false, place }, context);
  },

  probe: async (context) => {
    const { problem, place } = placed(context);
    return problem === undefined ? probeSealed(place) : { answer: 'not done', evidence: problem.says };
  },

  release: giveTakeBack,
  undo: giveTakeBack,
};

function safetyPlaced(context: StepContext) {
  const given = givenOf(safetyGiven, context.step);
  const id = pointId(instantOf(given.planned), context.run, 'before');
  return { ...given, id, place: pointPlace(context, given.entry, id, 'before') };
}

const giveSafetyBack = (context: StepContext): Promise<void> => {
  const { entry, place } = safetyPlaced(context);
  return giveBack(entry, place, context);
};

export const safetyKind: StepKind = {
  name: 'vaultwarden.safety',
  observe: async () => absent,

  do: (context) => {
    const { entry, timeZone, id, place } = safetyPlaced(context);
    const takenAt = context.world.clock.now();
    return takePoint({ entry, timeZone, id, takenAt, sinceBoot: undefined, before: true, place }, context);
  },

  probe: (context) => probeSealed(safetyPlaced(context).place),
  release: giveSafetyBack,
  undo: giveSafetyBack,
};
