// The plan of bringing a state of the share back into an empty folder at the target of the mirror. Pure.

import type { Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { asChosen } from '../common/points/expects.ts';
import { lane, targetRef } from '../common/points/places.ts';
import { targetRefused, withoutTarget } from '../common/trees/restore-plan.ts';
import { emptyTarget } from '../common/trees/target.ts';
import type { MirrorEntry } from './schema.ts';

export function planRestore(entry: MirrorEntry, { point, target, only }: RestoreWish): Planned {
  if (target === undefined) {
    const says = 'a share is not overwritten while it is used: bring its files beside it, and take what you need';
    return { steps: [], notes: [], refusals: [withoutTarget(entry, says)] };
  }
  const refusal = targetRefused(entry, target);
  if (refusal !== undefined) return { steps: [], notes: [], refusals: [refusal] };
  const { manifest } = point;
  const machine = pointsMachine(entry);
  const what = only === undefined ? count(manifest.counts['files'] ?? 0, 'file') : shown(only);
  const restore: Step = {
    id: 'restore',
    kind: 'mirror.restore',
    subject: targetRef(machine, target),
    act: 'do',
    title: `bring ${what} back into ${shown(target)}, as it was at ${manifest.takenAt}`,
    because: [
      `the point ${manifest.id} was chosen`,
      'what later runs have changed is taken back in a copy of hard links; all of it is compared before it appears',
    ],
    changes: [],
    after: [],
    lanes: [lane(machine, target), lane(machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [
      asChosen(entry, manifest),
      { subject: targetRef(machine, target), says: 'the target is an empty folder or none', digest: emptyTarget },
    ],
    given: asGiven({ entry, id: manifest.id, folder: point.folder, target, only }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(60),
  };
  return { steps: [restore], notes: [], refusals: [] };
}
