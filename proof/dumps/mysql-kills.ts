// 3.7 MariaDB: kill -9 of worker, supervisor and both at each kind of step, of a run and of restores.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { killedAt, victims } from '../layers/killed-run.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, leftOfRun, makeAccounts, pictureOf, placeFor, pointAt, run } from './mysql-databases.ts';
import { filesIn, type Swept, settledAs, wrongIn } from './mysql-killing.ts';
import { proveInterrupted, proveShares } from './mysql-midway.ts';
import { proveServerKilled } from './mysql-server-killed.ts';

/** Some steps are over before anybody can meet them: they are tried again. */
const tried = 5;

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
    const rows = full ? 200_000 : 30_000;
    fill(server, 'shop', rows);
    writeFileSync(join(estate.folder, 'newer'), 'newer', { mode: 0o600 });
    server.sql(`CREATE USER ward@'%' IDENTIFIED BY 'old'; GRANT SELECT ON shop.people TO ward@'%'`);
    await estate.type(...run);
    const { id: point } = pointAt(copies, 0);
    const good = pictureOf(server, 'shop');
    const makeToday = () =>
      void server.sql(
        `DROP USER IF EXISTS ward@'%'; DELETE FROM shop.people WHERE id > ${0.8 * rows}; DELETE FROM shop.visits WHERE id < 100; DROP FUNCTION IF EXISTS shop.twice`,
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
        ...(now.length <= there.length + sealed && now.includes(swept.point)
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
