// Each kind of target: sent, counted when it was read back, and one file, one folder and the whole brought back from it once everything
// here is lost. A byte that has changed there is found.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import type { Report } from '../../report.ts';
import { alone } from '../alone.ts';
import { asked, differences, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { type OffsitePlace, offsitePlace, sealed, type Way, waysTo } from './place.ts';

export async function proveTargets(report: Report, nas: Nas): Promise<void> {
  const { ways, giveBack } = waysTo(nas);
  try {
    await alone(report, Object.fromEntries(ways.map((way) => [way.name, () => proveWay(report, nas, way)])));
  } finally {
    giveBack();
  }
}

async function proveWay(report: Report, nas: Nas, way: Way): Promise<void> {
  const place = offsitePlace(way);
  try {
    const taken = [await place.take()];
    here(`cd ${place.data}; echo changed >one/two/2; rm many/7; mv many/8 many/eight`);
    taken.push(await place.take());
    const sent = await place.send();
    const counted = await place.points_of('away');
    report.row(
      `to ${way.name}: both points go, and count when they were read back there`,
      `holdfast run files; ${sent.command}`,
      'ls of the points here; holdfast points',
      (taken.every(({ status }) => status === 0) &&
        sent.status === 0 &&
        counted.length === 2 &&
        sealed(place.points).length === 2) ||
        seen(...taken, sent, `${counted.length} counted`),
    );
    const again = await place.send();
    report.row(
      `to ${way.name}: a second run sends nothing`,
      again.command,
      'holdfast points',
      (again.status === 0 && (await place.points_of('away')).length === 2) || seen(again),
    );
    await proveLinked(report, nas, place, way);
    await proveBack(report, place, way);
    await proveDamaged(report, nas, place, way);
  } finally {
    rmSync(place.estate.folder, { recursive: true, force: true });
  }
}

/** Whoever sees the disk there. */
const onTarget = (nas: Nas, entry: Way['entry']) => ('to_machine' in entry ? nas.sh : here);

/** What both points have in common lies there once. */
async function proveLinked(report: Report, nas: Nas, place: OffsitePlace, { name, entry }: Way): Promise<void> {
  if (typeof entry['to'] !== 'string' || 'encrypt_to' in entry) return;
  const there = `${entry['to']}/away/files`;
  const on = onTarget(nas, entry);
  const kib = Number(on(`du -sk ${there} | cut -f1`));
  const once = Number(here(`du -sk ${place.points} | cut -f1`));
  const links = on(`find ${there} -name random -printf '%i\\n' | sort -u | wc -l`);
  report.row(
    `to ${name}: what two points have in common is one file there`,
    'holdfast run away --now',
    'stat %i and du at the NAS, du here',
    (links === '1' && kib < once * 1.3) || new Error(`${links} files for one; ${kib} KiB there, ${once} here`),
  );
}

/** The disk with the points is lost, and so is the source; a copy of it was put aside. */
async function proveBack(report: Report, place: OffsitePlace, { name }: Way): Promise<void> {
  const { estate, data, disk } = place;
  const was = join(estate.folder, 'was');
  here(`mv ${data} ${was}; mv ${disk} ${disk}-lost; mkdir -m 700 ${disk} ${data}`);
  const whole = join(estate.folder, 'back-whole');
  const restored = await estate.type('restore', 'photos', '--to', whole, '--yes');
  const wrong = restored.status === 0 ? differences(here, was, whole) : 'not restored';
  report.row(
    `from ${name}: the whole, though the disk with the points is lost`,
    restored.command,
    asked,
    wrong === '' || seen(restored, wrong),
  );
  for (const [what, only] of [
    ['one file', 'one/two/2'],
    ['one folder', 'many'],
  ] as const) {
    const to = join(estate.folder, what.replace(' ', '-'));
    const part = await estate.type('restore', 'photos', '--only', only, '--to', to, '--yes');
    const differs = part.status === 0 ? differences(here, join(was, only), join(to, only)) : 'not restored';
    const count = part.status === 0 ? here(`find ${to} -type f | wc -l`) : '';
    report.row(
      `from ${name}: ${what}, and nothing beside it`,
      part.command,
      asked,
      (differs === '' && count === (what === 'one file' ? '1' : '299')) || seen(part, `${differs} ${count}`),
    );
  }
  if (restored.status === 0) {
    here(`touch ${whole}/many/9`);
    report.control(`from ${name}: a time that differs in what came back`, differences(here, was, whole) !== '');
  }
  here(`rm -r ${data} ${disk}; mv ${was} ${data}; mv ${disk}-lost ${disk}`);
}

/** One bit of one file, or of the one archive, under the same size and time. */
async function proveDamaged(report: Report, nas: Nas, place: OffsitePlace, { name, entry }: Way): Promise<void> {
  const there = typeof entry['to'] === 'string' ? `${entry['to']}/away` : join(place.estate.folder, 'remote');
  const on = onTarget(nas, entry);
  const flip = `perl -e 'my ($f) = @ARGV; my @s = stat $f; open F, "+<", $f or die; seek F, 2_000_000, 0; read F, my $b, 1; seek F, 2_000_000, 0; print F chr(ord($b) ^ 1); close F; utime $s[8], $s[9], $f'`;
  const damaged = on(`find ${there} -type f -size +1M ! -name sparse | head -1`);
  on(`f='${damaged}'; for one in $(find ${there} -type f -size +1M ! -name sparse); do [ "$one" -ef "$f" ] || [ "$(basename "$one")" != random ] || ${flip} "$one"; done; ${flip} "$f"
    case "$f" in */random) ;; *) for one in $(find ${there} -type f -size +1M); do [ "$one" = "$f" ] || ${flip} "$one"; done ;; esac`);
  const to = join(place.estate.folder, 'back-damaged');
  here(`mv ${place.disk} ${place.disk}-lost; mkdir -m 700 ${place.disk}`);
  const restored = await place.estate.type('restore', 'photos', '--to', to, '--yes');
  here(`rmdir ${place.disk}; mv ${place.disk}-lost ${place.disk}`);
  report.control(
    `from ${name}: a bit that has changed there`,
    holds(
      {
        refused: restored.status !== 0,
        damaged: /damaged/.test(restored.stdout + restored.stderr),
        'nothing brought': here(`ls -A ${to} 2>/dev/null | wc -l`) === '0',
      },
      '',
    ) === true,
  );
}
