// Which restore point each ISO week's link leads to. Pure.
import { dirname, join, relative } from 'node:path';
import type { RestorePoint } from '../../model/restore-point.ts';
import { isoWeekOfDay } from '../../values/calendar-date.ts';
import { epochSeconds } from '../../values/instant.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { wallSecondsAt } from '../../values/time-zone-wall.ts';
import { treeName } from '../common/trees/generation/parts.ts';

export type WeekLink = Readonly<{
  /** `YYYY-WW`, the year being that of the week's Thursday */
  week: string;
  /** relative to the folder that the link lies in, so that the disk may be mounted elsewhere */
  target: string;
}>;

/**
 * @param points of one source, oldest first: the newest of a week is the one it is linked to
 * @param name below the week: `monitoring/grafana`
 */
export function weekLinks(
  points: readonly Pick<RestorePoint, 'manifest' | 'folder'>[],
  { root, name, timeZone }: Readonly<{ root: string; name: string; timeZone: string }>,
): readonly WeekLink[] {
  const newest = new Map(points.map(({ manifest, folder }) => [weekOf(manifest.takenAt, timeZone), folder]));
  return [...newest].map(([week, folder]) => ({
    week,
    target: relative(dirname(join(root, week, name)), join(folder, treeName)),
  }));
}

function weekOf(takenAt: RestorePoint['manifest']['takenAt'], timeZone: string): string {
  const day = Math.floor(wallSecondsAt(epochSeconds(takenAt), timeZone as TimeZone) / 86_400);
  const { year, week } = isoWeekOfDay(day);
  return `${year}-${String(week).padStart(2, '0')}`;
}
