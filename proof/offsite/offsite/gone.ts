// The NAS is away for ten days, is full, is unmounted, belongs to somebody else, and holds what is not ours.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tries } from '../../../test/e2e/estate.test-support.ts';
import { holds } from '../../layers/holds.ts';
import { at, unlessFaked } from '../../layers/schedules/at.ts';
import type { Report } from '../../report.ts';
import { alone } from '../alone.ts';
import { here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { type OffsitePlace, offsitePlace, sealed, send } from './place.ts';

export async function proveGone(report: Report, nas: Nas): Promise<void> {
  await alone(report, {
    'ten days': () => within(nas, 'gone', (place, there) => proveTenDays(report, nas, place, there)),
    'a cable that is pulled': () => within(nas, 'cable', (place, there) => proveCable(report, nas, place, there)),
    full: () => within(nas, 'full', (place, there) => proveFull(report, nas, place, there)),
    'two hosts': () => within(nas, 'shared', (place) => proveTwo(report, nas, place)),
    'not mounted': () => within(nas, 'mount', (place, there) => proveUnmounted(report, nas, place, there)),
    'what is foreign': () => within(nas, 'foreign', (place, there) => proveForeign(report, nas, place, there)),
  });
}

async function within(
  nas: Nas,
  folder: string,
  prove: (place: OffsitePlace, there: string) => Promise<void>,
): Promise<void> {
  const to = join(nas.disk, folder);
  const place = offsitePlace({
    entry: { to, to_machine: 'nas', mounted_at: nas.disk },
    machines: [nas.shellEntry('nas')],
  });
  try {
    await prove(place, join(to, 'away', 'files'));
  } finally {
    nas.tried(`rm -rf ${to}`);
    rmSync(place.estate.folder, { recursive: true, force: true });
  }
}

const names = (nas: Nas, there: string): readonly string[] => {
  const { status, says } = nas.tried(`ls ${there}`);
  return status === 0 ? says.split('\n').filter((name) => name !== '' && name !== 'trees') : [];
};

/** The points at the NAS that are, bit by bit, those here. */
const same = (nas: Nas, place: OffsitePlace, there: string): readonly string[] =>
  sealed(place.points).filter(
    (name) => nas.tried(`diff -r --no-dereference ${place.points}/${name} ${there}/${name}`).says === '',
  );

async function proveTenDays(report: Report, nas: Nas, place: OffsitePlace, there: string): Promise<void> {
  const unless = unlessFaked();
  if (unless !== false) return report.skip('ten days', unless);
  const night = (day: number) => at(place.estate, `2027-03-${String(day).padStart(2, '0')} 02:00:00`);
  await night(1).type('run', 'files', '--now');
  await night(1).type(...send);
  nas.gone();
  const failed = [];
  try {
    for (let day = 2; day <= 11; day += 1) {
      here(`echo ${day} >${place.data}/day`);
      await night(day).type('run', 'files', '--now');
      if (day % 3 === 0) failed.push(await night(day).type(...send));
    }
  } finally {
    nas.back();
  }
  report.row(
    'a NAS that is gone: each run fails and says so, and what is here stays',
    `${failed[0]?.command}, its cable pulled`,
    'exit codes; ls of the points here',
    holds(
      {
        'each failed': failed.length === 3 && failed.every(({ status }) => status === 1 || status === 3),
        'said so': failed.every(({ stdout, stderr }) => /unreachable|connection-lost/.test(stdout + stderr)),
        'eleven here': sealed(place.points).length === 11,
        'one there': names(nas, there).length === 1,
      },
      `${failed.map(({ status }) => status).join()} ${sealed(place.points).length} ${names(nas, there).length}`,
    ),
  );
  const caught = await night(12).type(...send);
  const whole = same(nas, place, there);
  report.row(
    'when it is back after ten days, the next run closes every gap',
    caught.command,
    'diff -r of each point here and there, at the NAS',
    holds(
      { 'exit code 0': caught.status === 0, 'all eleven': whole.length === 11 && names(nas, there).length === 11 },
      `${caught.status} ${whole.length} of ${names(nas, there).length} ${caught.stdout.slice(-400)}`,
    ),
  );
  nas.sh(`rm ${there}/${whole[4]}/tree/day`);
  report.control('a copy there that lacks a file', same(nas, place, there).length === 10);
}

/** In the middle of a transfer. */
async function proveCable(report: Report, nas: Nas, place: OffsitePlace, there: string): Promise<void> {
  here(`head -c 60000000 /dev/urandom >${place.data}/large`);
  await place.take();
  const started = place.estate.start(...send);
  const run = await tries(place.estate, started, /send/);
  nas.gone();
  // Nothing answers for as long as it takes the connection to be given up.
  const ended = await started.ended;
  nas.back();
  const there1 = names(nas, there);
  const again = await place.send();
  report.row(
    'a cable that is pulled in the middle of a transfer: the run fails, no half of a point counts, the next one sends it whole',
    `${started.process.exitCode === null ? '' : 'holdfast run away --now'}; holdfast run away --now`,
    'ls and diff -r at the NAS',
    holds(
      {
        'it failed': ended === 1 || ended === 3,
        'no half': there1.length === 0,
        'whole then': again.status === 0 && same(nas, place, there).length === 1,
        'nothing half is left': nas.sh(`find ${join(there, '..')} -name '*${run}*' | wc -l`) === '0',
      },
      `${ended} ${there1.join()} ${again.status} ${again.stdout.slice(-300)} ${nas.tried(`find ${join(there, '..')} -name '*${run}*' | head -3`).says}`,
    ),
  );
}

async function proveFull(report: Report, nas: Nas, place: OffsitePlace, there: string): Promise<void> {
  await place.take();
  await place.send();
  here(`head -c 40000000 /dev/urandom >${place.data}/large`);
  await place.take();
  nas.fill(10_000);
  const refused = await place.send();
  const said = refused.stdout + refused.stderr;
  report.row(
    'rule 15: what a NAS has no room for is refused before bytes move, with figures',
    refused.command,
    'df and ls at the NAS',
    holds(
      {
        'it failed': refused.status === 1 || refused.status === 3,
        figures: /MiB (are )?needed/.test(said) || /needed/.test(said),
        'one there': names(nas, there).length === 1,
      },
      `${refused.status} ${said.slice(-500)}`,
    ),
  );
  nas.makeRoom();
  // Now it would fit, and then somebody else takes what is left.
  const started = place.estate.start(...send);
  const free = () => Number(nas.sh(`df --output=avail -k ${nas.disk} | tail -1`));
  const before = free();
  while (started.process.exitCode === null && free() > before - 4000)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const midway = started.process.exitCode === null;
  if (midway) nas.fill(100);
  const ended = await started.ended;
  nas.makeRoom();
  const left = nas.sh(`find ${join(there, '..')} -name '*.partial*' -o -name '.sending*' | wc -l`);
  report.row(
    'a NAS that fills in the middle: the run fails, no half of a point counts',
    'holdfast run away --now, while somebody takes the room that is left',
    'df and ls at the NAS',
    holds(
      {
        'it was in the middle': midway,
        'it failed': ended === 1 || ended === 3,
        'one there': names(nas, there).length === 1,
        'nothing half is left': left === '0',
      },
      `${midway} ${ended} ${names(nas, there).join()} ${left} ${started.output().slice(-400)}`,
    ),
  );
  const again = await place.send();
  report.control(
    'a NAS that stays full for every run after',
    again.status === 0 && same(nas, place, there).length === 2,
  );
}

/** Another host, by mistake with the same folder; then with one of its own. */
async function proveTwo(report: Report, nas: Nas, place: OffsitePlace): Promise<void> {
  await place.take();
  await place.send();
  const to = join(nas.disk, 'shared');
  const other = offsitePlace({
    entry: { to, to_machine: 'nas', owner: 'another-host' },
    machines: [nas.shellEntry('nas')],
  });
  const own = offsitePlace({
    entry: { to: join(nas.disk, 'of-another'), to_machine: 'nas', owner: 'another-host' },
    machines: [nas.shellEntry('nas')],
  });
  try {
    await other.take();
    const picture = () => nas.sh(`cd ${to}; find . -printf '%p %s %T@ %C@\\n' | sort`);
    const before = picture();
    const refused = await other.send();
    report.row(
      'rule 3: a second host is refused the folder of the first one, and changes nothing in it',
      refused.command,
      'find -printf %C@ at the NAS',
      holds(
        {
          refused: refused.status === 1,
          'said so': /owned-by-other/.test(refused.stdout + refused.stderr),
          'as it was': picture() === before,
        },
        `${refused.status} ${refused.stdout.slice(-400)}`,
      ),
    );
    await own.take();
    const [one, two] = await Promise.all([place.send(), own.send()]);
    report.control(
      'two hosts, each with a folder of its own, that are in each other’s way',
      one.status === 0 && two.status === 0 && (await own.points_of('away')).length === 1,
    );
  } finally {
    for (const one of [other, own]) rmSync(one.estate.folder, { recursive: true, force: true });
    nas.tried(`rm -rf ${nas.disk}/of-another`);
  }
}

async function proveUnmounted(report: Report, nas: Nas, place: OffsitePlace, there: string): Promise<void> {
  await place.take();
  await place.send();
  nas.unmount();
  let refused: Awaited<ReturnType<OffsitePlace['send']>>;
  let below: string;
  try {
    here(`echo more >${place.data}/more`);
    await place.take();
    refused = await place.send();
    below = nas.sh(`ls -A ${nas.disk}`);
  } finally {
    nas.mount();
  }
  report.row(
    'a NAS whose disk is not mounted: the run fails, and nothing is written below the mount point',
    refused.command,
    'ls of the folder below, at the NAS',
    holds(
      { 'it failed': refused.status === 1 || refused.status === 3, 'nothing there': below === '' },
      `${refused.status} ${below} ${refused.stdout.slice(-300)}`,
    ),
  );
  const again = await place.send();
  report.control(
    'a disk that is mounted again and is refused',
    again.status === 0 && same(nas, place, there).length === 2,
  );
}

async function proveForeign(report: Report, nas: Nas, place: OffsitePlace, there: string): Promise<void> {
  await place.take();
  await place.send();
  nas.sh(
    `mkdir ${there}/photos-of-grandma; echo x >${there}/photos-of-grandma/1; echo mine >${join(there, '..')}/notes.txt`,
  );
  here(`echo more >${place.data}/more`);
  await place.take();
  const sent = await place.send();
  const { stdout, stderr } = await place.estate.type('points');
  report.row(
    'rule 23: what is foreign in the folder of the copies is named, and left',
    `${sent.command}; holdfast points`,
    'cat at the NAS',
    holds(
      {
        named: /photos-of-grandma/.test(sent.stdout + sent.stderr + stdout + stderr),
        left: nas.sh(`cat ${there}/photos-of-grandma/1 ${join(there, '..')}/notes.txt`) === 'x\nmine',
        sent: sent.status === 0 || sent.status === 3,
      },
      `${sent.status} ${sent.stdout.slice(-300)}`,
    ),
  );
}
