// 3.10: when a job is due next, against systemd's own reading of the same words, from many moments.
import type { Report } from '../../report.ts';
import { tried } from '../place.ts';
import { at, scheduled, unlessFaked } from './at.ts';

const events = [
  '02:30',
  'mon..fri 02:30',
  '*:0/15',
  'sat 18:15',
  '*-*-1 03:00',
  'sun,wed 22:00',
  '*-2-29 04:00',
  'hourly',
  'weekly',
  'monthly',
  'yearly',
];
const moments = ['2025-12-31 23:46:00', '2026-02-28 18:15:00', '2028-02-28 23:00:00', '2026-10-31 21:46:00'];
const more = [
  '2026-01-01 00:00:00',
  '2027-12-31 12:00:00',
  '2032-02-29 03:46:00',
  '2026-06-30 23:46:00',
  '2026-08-02 21:46:00',
];

type Job = Readonly<{ job: string; next: Readonly<{ cycle: string }> | undefined }>;

/** As systemd says it: `2026-01-01T02:30:00.000Z`. */
function bySystemd(event: string, moment: string): string {
  const { says } = tried('env', ['TZ=UTC', 'systemd-analyze', 'calendar', `--base-time=${moment} UTC`, event]);
  const [, day = '', time = ''] = /Next elapse: \w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(says) ?? [];
  return `${day}T${time}.000Z`;
}

export async function proveCalendars(report: Report, full: boolean): Promise<void> {
  report.section('3.10 Schedules: when they are due');
  const unless =
    unlessFaked() || (tried('systemd-analyze', ['--version']).status === 0 ? false : 'it needs systemd-analyze');
  if (unless !== false) return report.skip('3.10 calendars', unless);
  const estate = scheduled(Object.fromEntries(events.map((event, index) => [`job${index}`, `schedule: "${event}"`])));
  try {
    for (const moment of full ? [...moments, ...more] : moments) {
      const { stdout, command } = await at(estate, moment).type('jobs', '--json');
      const { jobs } = JSON.parse(stdout || '{"jobs":[]}') as { jobs: readonly Job[] };
      const wrong = events.flatMap((event, index) => {
        const wanted = bySystemd(event, moment);
        const next = jobs.find(({ job }) => job === `job${index}`)?.next?.cycle;
        return next === wanted ? [] : [`${event}: ${next}, systemd: ${wanted}`];
      });
      report.row(
        `3.10 ${events.length} schedules after ${moment} are due when systemd says`,
        `faketime '${moment}' ${command}`,
        'systemd-analyze calendar --base-time',
        wrong.length === 0 || new Error(wrong.join('\n')),
      );
    }
    report.control(
      'a schedule of another minute',
      bySystemd('02:30', moments[0] ?? '') !== bySystemd('02:31', moments[0] ?? ''),
    );
    const bad = scheduled({ never: 'schedule: "02:75"' });
    report.control('a schedule that is none', (await bad.type('jobs')).status === 65);
    bad.close();
  } finally {
    estate.close();
  }
}
