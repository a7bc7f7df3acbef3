// Which earlier points a generation may be linked to, the newest first: the script takes the first that proves itself. Pure.
import type { RestorePoint } from '../../model/restore-point.ts';
import { isOf, type SourceKey } from '../common/points/source.ts';
import { generationParts, isGeneration } from '../common/trees/generation/parts.ts';

/** A damaged one must not block a run, and whoever has many of them has another problem than the fourth. */
const atMost = 3;

export function candidates(points: readonly RestorePoint[], key: SourceKey): readonly RestorePoint[] {
  return points
    .filter(({ manifest }) => isOf(manifest, key) && isGeneration(manifest))
    .toReversed()
    .slice(0, atMost);
}

/** As the script wants each: its name, the digests of its scan as it is and of its parts, and how many folders it has. */
export function wordsOf({ manifest }: RestorePoint): readonly string[] {
  const sha256 = (wanted: string) => manifest.parts.find(({ name }) => name === wanted)?.sha256 ?? 'missing';
  const { scan, digests, attributes } = generationParts;
  const whole = typeof manifest.details['scan'] === 'string' ? manifest.details['scan'] : 'missing';
  return [manifest.id, whole, sha256(scan), sha256(digests), sha256(attributes), `${manifest.counts['folders'] ?? 0}`];
}
