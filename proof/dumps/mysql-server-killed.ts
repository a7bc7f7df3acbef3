// 3.7 MariaDB, its server killed: in the middle of a dump, and of a restore, which then has nobody to lead back with.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tries, until } from '../../test/e2e/estate.test-support.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, hidden, leftOfRun, pictureOf, pointAt, run, words } from './mysql-databases.ts';
import { bytesIn, filesIn, type Swept, settledAs, ward, wrongIn } from './mysql-killing.ts';

export async function proveServerKilled(report: Report, swept: Swept): Promise<void> {
  await proveDumpCut(report, swept);
  await proveNothingBegun(report, swept);
  for (const moment of ['load', 'replace'] as const) await proveLedBackLater(report, swept, moment);
  await proveOvertaken(report, swept);
  await proveLedBackLater(report, swept, 'drop');
  movedAway(swept);
  const again = await swept.estate.type(
    'restore',
    'apps',
    '--only',
    'shop',
    '--to',
    'live',
    '--point',
    swept.point,
    '--yes',
  );
  report.control(
    'a server that nothing can be brought back to any more',
    again.status === 0 && pictureOf(swept.server, 'shop') === swept.good,
  );
}

async function proveDumpCut(report: Report, swept: Swept): Promise<void> {
  const { estate, server, copies } = swept;
  swept.makeToday();
  const there = pointsIn(copies).length;
  const partial = () =>
    filesIn(copies).some((name) => name.startsWith('.partial') && filesIn(join(copies, name)).length > 0);
  const started = estate.start(...run);
  await until('a dump is begun', () => started.process.exitCode !== null || partial());
  await server.stop('SIGKILL');
  const status = await started.ended;
  await server.start();
  const left = filesIn(copies).filter((name) => name.startsWith('.'));
  report.row(
    'kill -9 of the server, in the middle of its dump: what was not whole is no part of a point',
    `holdfast ${run.join(' ')}; kill -9 of mariadbd`,
    'ls of the points, the exit code',
    (status !== 0 &&
      left.length === 0 &&
      pointsIn(copies).length >= there &&
      (pointAt(copies, -1).missing.length > 0 || pointsIn(copies).length === there)) ||
      new Error(`exit ${status}; ${left.join(', ')}; ${started.output().slice(-600)}`),
  );
}

type Ended = Readonly<{ id: string; code: number | null; said: string }>;

/** `drop` is where the live one is being dropped, `replace` where the dump is being loaded in its place. */
const steps = { safety: 'safety', load: 'load-0', drop: 'replace-0', replace: 'replace-0' } as const;
type Moment = keyof typeof steps;
const spoken = {
  ...{ safety: 'mysql.safety', load: 'mysql.load', replace: 'mysql.replace' },
  drop: 'mysql.replace, while it drops the live one',
} as const;

/** A restore in the middle of which its server dies; it has ended, and the server is still down. */
async function killedServerAt(swept: Swept, moment: Moment): Promise<Ended> {
  const { estate, server, point } = swept;
  swept.makeToday();
  const size = bytesIn(swept, /^shop$/);
  const known = estate.journal((runs) => runs[0]?.id);
  const restoring = estate.start(...back('shop', '--point', point));
  const id = await tries(estate, restoring, steps[moment], known);
  const over = () => restoring.process.exitCode !== null;
  if (moment === 'drop' || moment === 'replace')
    await until('the live one is dropped', () => over() || bytesIn(swept, /^shop$/) < 100_000, 1, 1);
  if (moment === 'replace') await until('it is loaded', () => over() || bytesIn(swept, /^shop$/) > 0.4 * size);
  await server.stop('SIGKILL');
  const code = await restoring.ended;
  return { id, code, said: restoring.output().slice(-700) };
}

const stateOf = ({ estate }: Swept, id: string) =>
  estate.journal((runs) => runs.find((one) => one.id === id)?.state) ?? 'none';

async function proveNothingBegun(report: Report, swept: Swept): Promise<void> {
  const { server, today } = swept;
  const { id, code, said } = await killedServerAt(swept, 'safety');
  await server.start();
  const wrong = [
    ...wrongIn(swept, id, stateOf(swept, id)),
    ...(pictureOf(server, 'shop') === today ? [] : ['not as before']),
    ...(code === 1 ? [] : [`exit ${code}`]),
  ];
  report.row(
    'kill -9 of the server, in the middle of mysql.safety: nothing was begun, and nobody has to lead back',
    `holdfast ${back('shop').join(' ')}; kill -9 of mariadbd`,
    'mariadb: every row; ps, find, ls /dev/shm',
    settledAs(wrong, `state ${stateOf(swept, id)}`, said),
  );
}

/** Its worker finds nobody to lead back with: what it has made stays and is told, until somebody asks for it again. */
async function proveLedBackLater(report: Report, swept: Swept, moment: Moment): Promise<void> {
  const { estate, server, today } = swept;
  const { id, code, said } = await killedServerAt(swept, moment);
  const ended = stateOf(swept, id);
  const down = await estate.type('cancel', id);
  const [stillDown, downState] = [down.status, stateOf(swept, id)];
  await server.start();
  const left = wrongIn(swept, id, ended);
  report.control(`what a run leaves whose server is killed at ${spoken[moment]}`, left.length > 0);
  const up = await estate.type('cancel', id);
  const wrong = [
    ...wrongIn(swept, id, stateOf(swept, id)),
    ...(pictureOf(server, 'shop') === today && ward(swept) === '0' ? [] : ['not as before']),
    ...(code === 3 && ended === 'partly' ? [] : [`it ended ${ended}, exit ${code}`]),
    ...(stillDown === 3 && downState === 'partly' ? [] : [`with the server down: ${downState}, exit ${stillDown}`]),
    ...(up.status === 0 && stateOf(swept, id) === 'aborted' ? [] : [`then ${stateOf(swept, id)}, exit ${up.status}`]),
  ];
  report.row(
    `kill -9 of the server, in the middle of ${spoken[moment]}: the run ends partly; when the server is up again, cancel leads it back, and nothing is left`,
    `holdfast ${back('shop').join(' ')}; kill -9 of mariadbd; holdfast cancel ${id}`,
    'mariadb: every row; SHOW DATABASES; ps, find, ls /dev/shm',
    settledAs(wrong, words(up).slice(-400), said),
  );
  const twice = await estate.type('cancel', id);
  report.control(
    'a run that was led back, led back once more',
    twice.status !== 0 && /run-already-ended/.test(words(twice)) && pictureOf(server, 'shop') === today,
  );
}

/** Where it was killed while it dropped a FULLTEXT index, the server has files that it does not know, and whoever looks after it moves them away. */
function movedAway({ server }: Swept): void {
  try {
    server.sql('DROP DATABASE shop');
  } catch {
    rmSync(join(server.sql('SELECT @@datadir'), 'shop'), { recursive: true });
  }
}

/** Whoever restores again does not want the state of before the first time any more. */
async function proveOvertaken(report: Report, swept: Swept): Promise<void> {
  const { estate, server, copies, point, good } = swept;
  const { id } = await killedServerAt(swept, 'load');
  await server.start();
  const again = await estate.type(...back('shop', '--point', point));
  const late = await estate.type('cancel', id);
  const log = words(await estate.type('log', id));
  const names = hidden(server).split('\n').filter(Boolean);
  report.row(
    'kill -9 of the server, and a later restore has brought it all: cancel touches nothing of that, and the log tells the names that are left',
    `holdfast ${back('shop').join(' ')}; kill -9 of mariadbd; holdfast restore; holdfast cancel ${id}; holdfast log ${id}`,
    'mariadb: every row; SHOW DATABASES',
    settledAs([
      ...(again.status === 0 ? [] : [`the second restore: exit ${again.status}`]),
      ...(late.status === 1 && /run-overtaken/.test(words(late)) ? [] : [`cancel: ${words(late).slice(-300)}`]),
      ...(pictureOf(server, 'shop') === good && ward(swept) === '1' ? [] : ['not as in the point']),
      ...names.filter((name) => !log.includes(name)).map((name) => `${name} is not in the log`),
      ...(names.length > 0 ? [] : ['nothing was left, and it was not tried']),
      ...leftOfRun(id, copies).map((one) => `left: ${one}`),
    ]),
  );
  for (const name of names) server.sql(`DROP DATABASE \`${name}\``);
}
