// The step `mirror.forget`: removes what runs displaced that come after no point any more. Which those are follows from what is there,
// so that it does not matter who is killed between the removal of a point and this.
import { join } from 'node:path';
import type { StepKind } from '../../contracts/step-kind.ts';
import type { Note } from '../../model/plan.ts';
import { absent } from '../../model/step.ts';
import { plainRef } from '../../values/ref.ts';
import { givenOf } from '../common/given.ts';
import { readPoints } from '../common/points/points.ts';
import { forgetGiven } from './given.ts';
import { besidePoints, keptName, mirrorPlace } from './places.ts';

export const forgetKind: StepKind = {
  name: 'mirror.forget',
  observe: async () => absent,

  do: async (context) => {
    const { entry } = givenOf(forgetGiven, context.step);
    const { machine, root } = mirrorPlace(context.world, entry, context.run);
    const { points, notes } = await readPoints(machine, entry, besidePoints);
    const unread = notes.filter(({ level }) => level === 'warning');
    // What cannot be read may be a point whose run displaced what the older ones need.
    if (unread.length > 0) return { result: { forgotten: [] }, degraded: unread.map(stays) };
    // The oldest point is the mirror without what later runs displaced: its own run displaced what only points before it had.
    const needed = new Set(points.slice(1).map(({ manifest }) => manifest.run));
    const forgotten: string[] = [];
    for (const run of points.length === 0 ? [] : ((await machine.files.list(join(root, keptName))) ?? [])) {
      if (needed.has(run) || run === context.run) continue;
      await machine.files.remove(join(root, keptName, run));
      forgotten.push(run);
    }
    return { result: { forgotten } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'it may be done again at any time' }),
};

const stays = ({ subject, says }: Note): string =>
  `nothing that was displaced is removed while this is so: ${plainRef(subject)}: ${says}`;
