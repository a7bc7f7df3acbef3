// The plan of bringing dumps back as files: for a server that is not of this estate, or to look into one. Pure.

import type { Planned, RestoreWish } from '../../../contracts/layer.ts';
import type { Refusal } from '../../../model/plan.ts';
import type { Step } from '../../../model/step.ts';
import { minutes } from '../../../values/duration.ts';
import { ref } from '../../../values/ref.ts';
import { bytes, formatSize } from '../../../values/size.ts';
import { count, shown } from '../../../values/text.ts';
import { asGiven } from '../given.ts';
import { asChosen } from '../points/expects.ts';
import { lane, pointRef, targetRef } from '../points/places.ts';
import { targetRefused } from '../trees/restore-plan.ts';
import { emptyTarget } from '../trees/target.ts';
import type { DumpEntry } from './entry.ts';
import { type Taken, takenIn } from './taken.ts';

export const isFolder = (target: string): boolean => target.startsWith('/');

/** The dumps that are meant: one of them, or all. */
export function meantIn({ point, only }: Pick<RestoreWish, 'point' | 'only'>): readonly Taken[] | Refusal {
  const taken = takenIn(point.manifest);
  if (only === undefined) return taken;
  const found = taken.filter(({ name }) => name === only);
  if (found.length > 0) return found;
  return {
    subject: pointRef(point.manifest.layer, point.manifest.id),
    code: 'not-in-point',
    says: `there is no dump of ${shown(only)} in this point; it has ${taken.map(({ name }) => shown(name)).join(', ')}`,
    remedy: 'name one of them, or choose another point (`holdfast points`)',
  };
}

export function planUnpack(entry: DumpEntry, wish: RestoreWish & Readonly<{ target: string }>): Planned {
  const { point, target } = wish;
  const meant = meantIn(wish);
  const refusal = targetRefused(entry, target) ?? ('code' in meant ? meant : undefined);
  if (refusal !== undefined || 'code' in meant) return { steps: [], notes: [], refusals: refusal ? [refusal] : [] };
  const { manifest, machine, folder } = point;
  const size = meant.reduce((sum, one) => sum + one.bytes, 0);
  const unpack: Step = {
    id: 'unpack',
    kind: 'dump.unpack',
    subject: targetRef(machine, target),
    act: 'do',
    title: `unpack ${count(meant.length, 'dump')} (${formatSize(bytes(size))}) into ${shown(target)}`,
    because: [`the point ${manifest.id} was chosen, taken at ${manifest.takenAt} and sealed at ${manifest.sealedAt}`],
    changes: [],
    after: [],
    lanes: [lane(machine, target), lane(machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [
      asChosen(entry, manifest),
      { subject: targetRef(machine, target), says: 'the target is an empty folder or none', digest: emptyTarget },
    ],
    given: asGiven({ machine, folder, target, items: meant, identity: entry.identity }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(30),
  };
  return { steps: [unpack], notes: [], refusals: [] };
}

export const withoutTarget = ({ name }: DumpEntry, remedy: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-missing',
  says: 'where to was not said',
  remedy,
});
