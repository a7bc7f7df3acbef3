// 3.7 MariaDB: kill -9 of worker, supervisor and both at each kind of step, of a run and of restores; and of the server itself.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { kill, tries, until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { killedAt, victims } from '../layers/killed-run.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  back,
  type DumpPlace,
  fill,
  hidden,
  leftOfRun,
  makeAccounts,
  pictureOf,
  placeFor,
  pointAt,
  run,
} from './mysql-databases.ts';

/** Some steps are over before anybody can meet them: they are tried again. */
const tried = 5;

type Swept = DumpPlace &
  Readonly<{ server: MariadbServer; point: string; good: string; today: string; makeToday(): void }>;

export async function proveMysqlKills(report: Report, full: boolean): Promise<void> {
  report.section('3.7 MariaDB, killed');
  // What it has answered, it has on its disk: it is killed, too.
  const server = await startMariadb(['--innodb-flush-log-at-trx-commit=1']);
  const place = placeFor(server, {
    keep: { keep_last: 1 },
    credentials: [{ user: 'ward', password: { file: 'FOLDER/newer' } }],
  });
  const { estate, copies } = place;
  try {
    makeAccounts(server);
    fill(server, 'shop', full ? 200_000 : 30_000);
    writeFileSync(join(estate.folder, 'newer'), 'newer', { mode: 0o600 });
    server.sql(`CREATE USER ward@'%' IDENTIFIED BY 'old'; GRANT SELECT ON shop.people TO ward@'%'`);
    await estate.type(...run);
    const { id: point } = pointAt(copies, 0);
    const good = pictureOf(server, 'shop');
    const makeToday = () =>
      void server.sql(
        `DROP USER IF EXISTS ward@'%'; DELETE FROM shop.people WHERE id > 9000; DELETE FROM shop.visits WHERE id < 100; DROP FUNCTION IF EXISTS shop.twice`,
      );
    makeToday();
    writeFileSync(join(copies, point, 'HOLD'), 'the proof');
    const swept: Swept = { ...place, server, point, good, makeToday, today: pictureOf(server, 'shop') };
    for (const path of [/^look$/, /^look>dump$/, /^look>dump>prune-/]) await sweepRuns(report, swept, path);
    for (const step of ['safety', 'accounts', 'load-0', 'credentials', 'replace-0', 'grants', 'settle'])
      await sweepRestores(report, swept, step);
    await sweepFiles(report, swept);
    await proveShares(report, swept, full);
    await proveInterrupted(report, swept);
    await proveServerKilled(report, swept);
  } finally {
    await server.close();
    estate.close();
  }
}

const ward = ({ server }: Swept): string => server.sql(`SELECT COUNT(*) FROM mysql.user WHERE User = 'ward'`);

/** What its own client says is not as it must be: as it was, or, where the run was done in spite of all, all of it as in the point. */
function wrongIn(swept: Swept, id: string, state: string | undefined): readonly string[] {
  const { server, copies, good, today } = swept;
  const now = pictureOf(server, 'shop');
  const [whole, there] = [now === good, ward(swept) === '1'];
  return [
    ...(now === today || whole ? [] : ['the database is neither as before nor as in the point']),
    ...(whole === there ? [] : ['the account and the database are not of one time']),
    ...(whole || state !== 'done' ? [] : ['it is called done, and is not']),
    ...leftOfRun(id, copies).map((one) => `left: ${one}`),
    ...(hidden(server) === '' ? [] : [`left: ${hidden(server)}`]),
  ];
}

const settledAs = (wrong: readonly string[], ...more: readonly string[]): true | Error =>
  wrong.length === 0 || new Error([...wrong, ...more].join('; ').slice(0, 1200));

async function sweepRuns(report: Report, swept: Swept, path: RegExp): Promise<void> {
  const { estate, copies, server, today } = swept;
  for (const victim of victims)
    for (let nth = 1; ; nth += 1) {
      // For `prune` to have something to remove: the newest point of before.
      if (/prune/.test(path.source)) await estate.type(...run);
      const there = pointsIn(copies);
      const { run: id, state, command, settled } = await killedAt(estate, victim, path, run);
      if (state === 'done' && nth < tried) continue;
      const now = pointsIn(copies);
      const sealed = /prune/.test(path.source) ? 1 : 0;
      const wrong = [
        ...(pictureOf(server, 'shop') === today ? [] : ['the database has changed']),
        ...leftOfRun(id, copies).map((one) => `left: ${one}`),
        ...(now.length <= there.length + sealed && there.slice(0, 1).every((one) => now.includes(one))
          ? []
          : [`points ${there.length} -> ${now.length}`]),
        ...(state === 'aborted' ? [] : [`state ${state}`]),
      ];
      report.row(
        `kill -9 of ${victim}, mysql ${path.source.replace(/^.*>|[\^$-]/g, '')}`,
        `${command}; holdfast cancel ${id}`,
        'mariadb: every row; ps, find, ls /dev/shm, ls of the points',
        settledAs(wrong, settled.stderr),
      );
      break;
    }
}

async function sweepRestores(report: Report, swept: Swept, step: string): Promise<void> {
  const { estate, point } = swept;
  for (const victim of victims)
    for (let nth = 1; ; nth += 1) {
      swept.makeToday();
      const {
        run: id,
        state,
        command,
        settled,
      } = await killedAt(estate, victim, new RegExp(`^${step}$`), back('shop', '--point', point));
      if (state === 'done' && step !== 'settle' && nth < tried) continue;
      const wrong = wrongIn(swept, id, state);
      report.row(
        `kill -9 of ${victim}, mysql.${step.replace(/-0$/, '')}`,
        `${command}; holdfast cancel ${id}`,
        'mariadb: every row; SHOW GRANTS; ps, find, ls /dev/shm',
        settledAs(wrong, `state ${state}`, settled.stderr),
      );
      break;
    }
}

async function sweepFiles(report: Report, { estate, copies, point }: Swept): Promise<void> {
  const target = join(estate.folder, 'files');
  for (const victim of victims) {
    rmSync(target, { recursive: true, force: true });
    const {
      run: id,
      state,
      command,
    } = await killedAt(estate, victim, /^unpack$/, ['restore', 'apps', '--point', point, '--to', target, '--yes']);
    const left = [...leftOfRun(id, copies), ...(state === 'done' ? [] : filesIn(target))];
    report.row(
      `kill -9 of ${victim}, dump.unpack`,
      `${command}; holdfast cancel ${id}`,
      'ps, ls',
      settledAs(left, `state ${state}`),
    );
  }
}

const filesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Rows that have come into a database so far, as its server estimates them; 0 where it is not there yet. */
const rowsIn = ({ server }: Swept, like: string): number =>
  Number(
    server.sql(
      `SELECT COALESCE(MAX(DATA_LENGTH), 0) FROM information_schema.TABLES WHERE TABLE_NAME = 'people' AND TABLE_SCHEMA LIKE '${like}'`,
    ),
  );

/** In the middle of what takes long: so many bytes into what is loaded to be counted, and into the live one. */
async function proveShares(report: Report, swept: Swept, full: boolean): Promise<void> {
  const { estate, server, copies, point } = swept;
  const size = Number(
    server.sql(
      `SELECT DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'people'`,
    ),
  );
  for (const [step, like] of [
    ['load-0', 'holdfast%loaded'],
    ['replace-0', 'shop'],
  ] as const)
    for (const share of full ? [0.1, 0.4, 0.7] : [0.4])
      for (const victim of victims) {
        swept.makeToday();
        const known = estate.journal((runs) => runs[0]?.id);
        const started = estate.start(...back('shop', '--point', point));
        const id = await tries(estate, started, step, known);
        const over = () => started.process.exitCode !== null;
        if (step === 'replace-0')
          await until('the live one is dropped', () => over() || rowsIn(swept, like) < size * share);
        await until(`${share} of it is loaded`, () => over() || rowsIn(swept, like) >= size * share);
        kill(victim, started, id);
        await started.ended;
        await estate.type('cancel', id);
        const state = estate.journal((runs) => runs.find((one) => one.id === id)?.state);
        const wrong = [...wrongIn(swept, id, state), ...(state === 'aborted' ? [] : [`state ${state}`])];
        report.row(
          `kill -9 of ${victim}, mysql.${step.replace(/-0$/, '')} at ${share * 100} %`,
          `holdfast ${back('shop').join(' ')}; kill -9; holdfast cancel ${id}`,
          'mariadb: every row; ps, find, ls /dev/shm',
          settledAs(wrong, `${pointsIn(copies).length} points`),
        );
      }
}

/** Ctrl-C is no crash: it leads back before the command ends. */
async function proveInterrupted(report: Report, swept: Swept): Promise<void> {
  const { estate, point } = swept;
  for (const step of ['safety', 'load-0', 'replace-0']) {
    swept.makeToday();
    const known = estate.journal((runs) => runs[0]?.id);
    const started = estate.start(...back('shop', '--point', point));
    const id = await tries(estate, started, step, known);
    started.process.kill('SIGINT');
    const status = await started.ended;
    const state = estate.journal((runs) => runs.find((one) => one.id === id)?.state);
    report.row(
      `3.15 interrupted (Ctrl-C) at ${step}: what was there is there again before the command ends`,
      `holdfast ${back('shop').join(' ')}; kill -INT`,
      'mariadb: every row; ps, find, ls /dev/shm',
      settledAs([...wrongIn(swept, id, state), ...(status === 130 ? [] : [`exit ${status}`])], `state ${state}`),
    );
  }
  swept.makeToday();
  const whole = await estate.type(...back('shop', '--point', point));
  report.control(
    'a restore that always leads back',
    whole.status === 0 && pictureOf(swept.server, 'shop') === swept.good && ward(swept) === '1',
  );
}

async function proveServerKilled(report: Report, swept: Swept): Promise<void> {
  const { estate, server, copies, point } = swept;
  swept.makeToday();
  const before = pictureOf(server, 'shop');
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
    'holdfast run mysql --now; kill -9 of mariadbd',
    'ls of the points, the exit code',
    (status !== 0 &&
      left.length === 0 &&
      pointsIn(copies).length >= there &&
      (pointAt(copies, -1).missing.length > 0 || pointsIn(copies).length === there)) ||
      new Error(`exit ${status}; ${left.join(', ')}; ${started.output().slice(-600)}`),
  );
  for (const step of ['load-0', 'replace-0']) {
    swept.makeToday();
    const known = estate.journal((runs) => runs[0]?.id);
    const restoring = estate.start(...back('shop', '--point', point));
    const id = await tries(estate, restoring, step, known);
    if (step === 'replace-0')
      await until(
        'the live one is dropped',
        () => restoring.process.exitCode !== null || rowsIn(swept, 'shop') < 100_000,
      );
    await server.stop('SIGKILL');
    const code = await restoring.ended;
    await server.start();
    const said = await estate.type('cancel', id);
    const state = estate.journal((runs) => runs.find((one) => one.id === id)?.state);
    report.row(
      `kill -9 of the server, in the middle of mysql.${step.replace(/-0$/, '')}: once it is up again, what was there is there again`,
      `holdfast ${back('shop').join(' ')}; kill -9 of mariadbd; holdfast cancel ${id}`,
      'mariadb: every row; ps, find, ls /dev/shm',
      settledAs(
        [
          ...wrongIn(swept, id, state),
          ...(code === 0 ? ['exit 0'] : []),
          ...(pictureOf(server, 'shop') === before ? [] : ['not as before']),
        ],
        `state ${state}`,
        said.stderr,
        restoring.output().slice(-700),
      ),
    );
  }
  swept.makeToday();
  const again = await estate.type(...back('shop', '--point', point));
  report.control(
    'a server that nothing can be brought back to any more',
    (again.status === 0 || seen(again) === undefined) && pictureOf(server, 'shop') === swept.good,
  );
}
