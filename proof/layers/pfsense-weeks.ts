// The weekly archive over two turns of the year, one of them in the middle of a week: as many archives as `date` counts ISO weeks.

import type { Estate } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { sh } from './place.ts';
import { at, unlessFaked } from './schedules/at.ts';

/** A Sunday, then the week 53 of 2026, which ends in 2027, and the first one of 2027. */
const days = ['2026-12-27', '2026-12-28', '2026-12-31', '2027-01-01', '2027-01-03', '2027-01-04', '2027-01-10'];

export async function proveWeeks(
  report: Report,
  estate: Estate,
  run: readonly string[],
  archives: () => readonly string[],
): Promise<void> {
  const unless = unlessFaked();
  if (unless !== false) return report.skip('3.5 the turn of the year', unless);
  const counted: number[] = [];
  const failed = [];
  for (const day of days) {
    const ran = await at(estate, `${day} 05:00:00`).type(...run);
    if (ran.status !== 0) failed.push(ran);
    counted.push(archives().length);
  }
  const weeks = (format: string) => days.map((day) => sh(`date -ud ${day} +${format}`));
  const distinct = (texts: readonly string[]) => texts.map((_, index) => new Set(texts.slice(0, index + 1)).size);
  report.row(
    '3.5 the turn of a year in the middle of a week: one archive for each ISO week, week 53 included',
    `faketime … holdfast ${run.join(' ')}, on ${days.join(', ')}`,
    'date +%G-%V; ls of the points',
    (failed.length === 0 && counted.join() === distinct(weeks('%G-%V')).join()) ||
      seen(...failed, `${counted.join()} for ${weeks('%G-%V').join()}`),
  );
  report.control('weeks that are counted by the calendar’s year', counted.join() !== distinct(weeks('%Y-%V')).join());
}
