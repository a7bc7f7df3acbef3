// Three files of five are encrypted where they lie; then 90 days go by, with a run each tenth day. The last good generation is there.
import { join } from 'node:path';
import { holds } from '../../layers/holds.ts';
import { at, unlessFaked } from '../../layers/schedules/at.ts';
import type { Report } from '../../report.ts';
import { asked, differences, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { fill, mirrorPlace, run } from './place.ts';

export async function proveRansom(report: Report, nas: Nas): Promise<void> {
  const unless = unlessFaked();
  if (unless !== false) return report.skip('ransomware', unless);
  const place = await mirrorPlace(nas, 'ransom', { kept_for: '7d' });
  const { share, estate } = place;
  try {
    fill(share);
    await place.run();
    here(`cd ${share}; echo work >many/1; rm many/2`);
    await place.run();
    const was = join(estate.folder, 'was');
    here(`mkdir ${was}; rsync -aHAXS --numeric-ids --modify-window=-1 ${share}/ ${was}/`);
    here(
      `cd ${share}; find many album -type f | LC_ALL=C sort | awk 'NR % 5 < 3' | while read -r file; do openssl enc -aes-256-ctr -pass pass:x -nosalt -pbkdf2 -iter 1 -in "$file" -out /tmp/hf-proof-$$ && cat /tmp/hf-proof-$$ >"$file"; done; rm -f /tmp/hf-proof-$$`,
    );
    const first = await place.run();
    const later = [];
    for (let day = 10; day <= 90; day += 10) {
      const moment = new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
      later.push(await at(estate, moment).type(...run));
    }
    const differs = differences((script) => nas.sh(script), was, place.tree);
    report.row(
      'three files of five are encrypted in place: every run for 90 days stops, and the mirror is the last good state, byte for byte',
      `openssl enc; ${first.command}; faketime +10d … +90d ${first.command}`,
      `${asked}, against a copy of the share of before, at the NAS`,
      holds(
        {
          'each stopped': [first, ...later].every(({ status }) => status === 1),
          'the last good state': differs === '',
        },
        `${[first, ...later].map(({ status }) => status).join()} ${differs.slice(0, 400)} ${first.stdout.slice(-500)}`,
      ),
    );
    const [oldest = ''] = await place.points();
    const back = join(estate.folder, 'back');
    const newest = (await place.points()).at(-1) ?? '';
    const restored = await estate.type('restore', 'photos', '--point', newest, '--to', back, '--yes');
    const wrong = restored.status === 0 ? differences(here, was, back) : 'not restored';
    report.row(
      'and it comes back',
      restored.command,
      asked,
      wrong === '' && oldest !== newest
        ? true
        : new Error(
            `${restored.status} ${wrong.slice(0, 400)} ${restored.stdout.slice(-400)} ${restored.stderr.slice(-200)}`,
          ),
    );
    report.control('a share that is not what it was', differences(here, was, share) !== '');
  } finally {
    await place.close();
  }
}
