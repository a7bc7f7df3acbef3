// Which points stay where they are. The one place that asks how content was judged: a point that looks like an attack must not push the
// copies of what was there before it out of their places.
import type { RestorePoint } from '../../model/restore-point.ts';
import type { OffsiteEntry } from './schema.ts';

/** A judgement in the point's own manifest, where its layer judges content. */
export const withheldFor =
  (_: Pick<OffsiteEntry, 'name'>) =>
  ({ manifest }: RestorePoint): string | undefined => {
    const judgement = manifest.details['judgement'];
    if (judgement === null || typeof judgement !== 'object' || !('verdict' in judgement)) return undefined;
    return judgement['verdict'] === 'suspicious'
      ? `${manifest.layer} ${manifest.id} is suspicious and is not sent: look at what changed in it, then approve it`
      : undefined;
  };
