// Which points are of one source. A layer may keep points of many (a volume each), and only points of the same one may take
// each other's place: they are known by what cannot repeat (an image's UUID, a volume's id), never by a name alone.
import * as z from 'zod';
import type { Note } from '../../../model/plan.ts';
import type { Manifest, RestorePoint } from '../../../model/restore-point.ts';
import { digestOf, type Json } from '../../../values/canonical.ts';
import { count } from '../../../values/text.ts';

/** Fields of a manifest's `source`, with the values that points of this source have there. */
export const sourceKey = z.record(z.string(), z.json());
export type SourceKey = Readonly<Record<string, Json>>;

export const isOf = ({ source }: Pick<Manifest, 'source'>, key: SourceKey): boolean =>
  Object.entries(key).every(([field, value]) => digestOf(source[field] ?? null) === digestOf(value));

/** @param of what the others are of: `another file system (another UUID)` */
export function remarkOnOthers(
  points: readonly RestorePoint[],
  key: SourceKey,
  of: string,
): readonly Pick<Note, 'level' | 'says'>[] {
  const others = points.filter(({ manifest }) => !isOf(manifest, key)).length;
  if (others === 0) return [];
  const says =
    `${count(others, 'point')} of this layer ${others === 1 ? 'is' : 'are'} of ${of}: ` +
    'retention leaves them alone. Remove their folders by hand when nobody needs them any more';
  return [{ level: 'warning', says }];
}
