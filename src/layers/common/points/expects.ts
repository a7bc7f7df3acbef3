// What every restore relies on of the point that was chosen.
import type { Manifest } from '../../../model/restore-point.ts';
import type { Expectation } from '../../../model/step.ts';
import { digestOf } from '../../../values/canonical.ts';
import type { PointEntry } from './entry.ts';
import { pointRef } from './places.ts';

export const asChosen = ({ name }: Pick<PointEntry, 'name'>, manifest: Pick<Manifest, 'id'>): Expectation => ({
  subject: pointRef(name, manifest.id),
  says: 'the restore point is as it was when it was chosen',
  digest: digestOf(manifest),
});
