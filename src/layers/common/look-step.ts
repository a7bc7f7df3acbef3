// The one step that a run begins with where only a look at what is there tells what there is to do. Pure.
import type { Step } from '../../model/step.ts';
import type { Duration } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { asGiven } from './given.ts';
import { type PointEntry, pointsMachine } from './points/entry.ts';
import { lane } from './points/places.ts';

export type Looking = Readonly<{
  title: string;
  patience: Duration;
  /** beside the entry itself */
  given: Readonly<Record<string, unknown>>;
}>;

export const lookStep = (entry: PointEntry, { title, patience, given }: Looking): Step => ({
  id: 'look',
  kind: `${entry.kind}.look`,
  subject: ref('layer', entry.name),
  act: 'do',
  title,
  because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
  changes: [],
  after: [],
  lanes: [lane(pointsMachine(entry), entry.to)],
  risk: 'adds',
  needs: [],
  expects: [],
  given: asGiven({ entry, ...given }),
  wayBack: 'undo',
  expands: true,
  patience,
});
