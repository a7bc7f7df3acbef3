// The steps that remove the points which retention lets go. Pure.
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Step, StepId } from '../../../model/step.ts';
import { digestOf } from '../../../values/canonical.ts';
import { minutes } from '../../../values/duration.ts';
import { formatSize, bytes as sizeOf } from '../../../values/size.ts';
import { asGiven } from '../given.ts';
import { type PointEntry, pointsMachine } from './entry.ts';
import { lane, layerFolder, pointRef } from './places.ts';
import type { Removal } from './prune-decision.ts';
import type { SourceKey } from './source.ts';

export type PruneAfter = Readonly<{
  entry: PointEntry;
  /** whose points they are: another one of them stays, whatever was decided */
  source: SourceKey;
  /** what must be done before: the copy that makes them superfluous */
  after: readonly StepId[];
}>;

export const pruneSteps = (prune: PruneAfter, remove: readonly Removal[]): readonly Step[] =>
  remove.map(({ point, because }) => pruneStep(prune, point, because));

function pruneStep({ entry, source, after }: PruneAfter, { manifest, bytes }: RestorePoint, because: string): Step {
  const subject = pointRef(entry.name, manifest.id);
  const machine = pointsMachine(entry);
  return {
    id: `prune-${manifest.id}`,
    kind: 'point.prune',
    subject,
    act: 'remove',
    title: `remove restore point ${manifest.id} (${formatSize(sizeOf(bytes))})`,
    because: [because],
    changes: [],
    after,
    lanes: [lane(machine, entry.to)],
    risk: 'loses a restore point',
    needs: [],
    expects: [{ subject, says: 'its manifest is the one that retention judged', digest: digestOf(manifest) }],
    given: asGiven({ machine, folder: layerFolder(entry), id: manifest.id, source }),
    wayBack: 'one-way',
    expands: false,
    patience: minutes(30),
  };
}
