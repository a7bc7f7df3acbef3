// What every restore relies on of the point that was chosen, and how that is seen again when it begins.
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Files } from '../../../machines/machine.ts';
import type { Manifest } from '../../../model/restore-point.ts';
import { absent, type Expectation } from '../../../model/step.ts';
import { digestOf } from '../../../values/canonical.ts';
import { kindOf, type Ref } from '../../../values/ref.ts';
import type { PointEntry } from './entry.ts';
import { readManifest } from './manifest.ts';
import { pointRef } from './places.ts';

export const asChosen = ({ name }: Pick<PointEntry, 'name'>, manifest: Pick<Manifest, 'id'>): Expectation => ({
  subject: pointRef(name, manifest.id),
  says: 'the restore point is as it was when it was chosen',
  digest: digestOf(manifest),
});

/** The point as it lies there now; absent where it is damaged, too. */
export async function digestOfPoint(files: Files, folder: string): Promise<string> {
  const manifest = await readManifest(files, folder);
  return 'problem' in manifest ? absent : digestOf(manifest);
}

/** In a step that expects nothing else. @param points the machine that the point lies on */
export const observeChosen = async (
  { world }: Pick<StepContext, 'world'>,
  { points, folder }: Readonly<{ points: string; folder: string }>,
  subject: Ref,
): Promise<string> =>
  kindOf(subject) === 'restore-point' ? digestOfPoint(world.machine(points).files, folder) : absent;
