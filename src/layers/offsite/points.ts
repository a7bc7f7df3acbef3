// The copies as restore points. What is not one is said by name.
import type { World } from '../../contracts/world.ts';
import type { Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { must } from '../common/commands.ts';
import { endsOf } from './ends.ts';
import { leftoverNote, lookThere } from './look-there.ts';
import { copyRef, placeRef } from './places.ts';
import { targetOf } from './reach.ts';
import type { OffsiteEntry } from './schema.ts';

/** No run owns it, so that nobody gives back what a killed command left: whoever comes a day later does. */
const workFolder = `find /tmp -maxdepth 1 -type d -name 'holdfast-offsite.????????' -user "$(id -u)" -mtime +0 -exec rm -rf {} +
mktemp --directory /tmp/holdfast-offsite.XXXXXXXX`;

export async function readCopies(
  entry: OffsiteEntry,
  world: World,
  remark?: (note: Note) => void,
): Promise<readonly RestorePoint[]> {
  const ends = endsOf(entry, [], world);
  const { near } = ends;
  const work = (await must(near, ['sh', '-c', workFolder])).stdout.trim();
  try {
    const signal = new AbortController().signal;
    const target = targetOf(entry, ends, { signal, world, work, run: undefined, progress: () => {} });
    if (!target.reads) {
      remark?.({
        subject: placeRef(entry),
        level: 'warning',
        says: 'no key reads there: what was sent is unverified, and counts as no copy',
      });
      return [];
    }
    const { copies, unverified, unfinished, notes } = await lookThere(
      await target.reader(),
      entry,
      entry.points_of.map((name) => ({ name })),
      target,
    );
    for (const note of notes) remark?.(note);
    for (const { point } of unverified)
      remark?.({
        subject: copyRef(entry.name, point.manifest.layer, point.manifest.id),
        level: 'warning',
        says: 'sent, unverified: the next run verifies it',
      });
    for (const { layer, name } of unfinished)
      remark?.(leftoverNote(entry.name, layer, name, await target.sizeOf({ layer, name })));
    return copies.map(({ point }) => ({ ...point, how: 'a verified copy' })).sort(byAge);
  } finally {
    await near.files.remove(work);
  }
}

const byAge = ({ manifest: one }: RestorePoint, { manifest: other }: RestorePoint): number =>
  one.takenAt < other.takenAt ? -1 : one.takenAt > other.takenAt ? 1 : 0;
