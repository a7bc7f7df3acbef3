// Whether an archive is due. A week is the ISO week of the estate's zone, counted by its Monday: so a year that ends in its middle
// neither loses nor doubles one, and a week whose first try failed is tried again on the next day. Pure.
import type { RestorePoint } from '../../model/restore-point.ts';
import { weekdayOfDay } from '../../values/calendar-date.ts';
import { epochSeconds, type Instant } from '../../values/instant.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { wallSecondsAt } from '../../values/time-zone-wall.ts';
import { type PfsenseEntry, weekdays } from './schema.ts';

export type Due = Readonly<{ due: boolean; because: string }>;

const dayAt = (at: Instant, zone: TimeZone): number => Math.floor(wallSecondsAt(epochSeconds(at), zone) / 86_400);
/** By the day of its Monday. */
const weekOf = (day: number): number => day - weekdayOfDay(day);

export function archiveDue(
  { archive, archive_from }: Pick<PfsenseEntry, 'archive' | 'archive_from'>,
  archives: readonly RestorePoint[],
  now: Instant,
  zone: TimeZone,
): Due {
  if (archive === 'never') return { due: false, because: 'no archive is declared' };
  const today = dayAt(now, zone);
  const taken = archives.map(({ manifest }) => ({ id: manifest.id, day: dayAt(manifest.takenAt, zone) }));
  if (archive === 'daily') {
    const same = taken.find(({ day }) => day === today);
    return same === undefined
      ? { due: true, because: 'an archive is taken every day' }
      : { due: false, because: `${same.id} is of today` };
  }
  const same = taken.find(({ day }) => weekOf(day) === weekOf(today));
  if (same !== undefined) return { due: false, because: `${same.id} is of this week` };
  if (weekdayOfDay(today) < weekdays.indexOf(archive_from))
    return { due: false, because: `in each week it is taken from ${archive_from} on` };
  return { due: true, because: 'there is none of this ISO week' };
}
