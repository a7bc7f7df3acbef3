// 3.7 PostgreSQL: kill -9 of worker, supervisor and both at each kind of step, of a run and of a restore; and of the server itself.
import { readdirSync } from 'node:fs';
import { type PostgresServer, startPostgres } from '../../src/layers/postgres/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { killedAt, victims } from '../layers/killed-run.ts';
import { leftOf, pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, hidden, makeKeeper, pictureOf, placeFor, run } from './databases.ts';

const logins = (): readonly string[] =>
  ['/dev/shm', '/run', '/tmp'].flatMap((folder) => readdirSync(folder).filter((name) => /^\.holdfast-\d/.test(name)));

export async function provePostgresKills(report: Report): Promise<void> {
  report.section('3.7 PostgreSQL, killed');
  const server = await startPostgres();
  const { estate, copies } = placeFor(server, { prove: { every: '1s', as: 'postgres' } });
  try {
    makeKeeper(server);
    fill(server, 'shop', 200_000);
    await estate.type(...run);
    const [point = ''] = pointsIn(copies);
    const good = pictureOf(server, 'shop');
    server.psql('shop', 'DELETE FROM app.tags; DELETE FROM app.items WHERE id > 50000');
    const today = pictureOf(server, 'shop');
    for (const [typed, steps] of [
      [run, ['look', 'look>dump', 'look>prove']],
      [back('shop', '--point', point), ['safety', 'load-0', 'swap-0', 'settle']],
    ] as const)
      for (const step of steps)
        for (const victim of victims) {
          const { run: id, state, command } = await killedAt(estate, victim, new RegExp(`^${step}$`), typed);
          const left = [...leftOf(id, [copies]), ...logins()];
          const now = pictureOf(server, 'shop');
          const whole = now === today || (state === 'done' && now === good);
          report.row(
            `kill -9 of ${victim}, postgres.${step.replace(/^look>/, '').replace(/-0$/, '')}`,
            `${command}; holdfast cancel ${id}`,
            'psql: every row; ps, find, ls /dev/shm',
            (whole && left.length === 0 && hidden(server) === '') ||
              new Error(
                `state ${state}; left: ${left.join(', ')}; ${hidden(server)}; ${whole ? 'whole' : 'NOT as before'}`,
              ),
          );
          if (now === good) server.psql('shop', 'DELETE FROM app.tags; DELETE FROM app.items WHERE id > 50000');
        }
    await proveServerKilled(report, server, estate, copies);
  } finally {
    server.close();
    estate.close();
  }
}

async function proveServerKilled(
  report: Report,
  server: PostgresServer,
  estate: ReturnType<typeof placeFor>['estate'],
  copies: string,
): Promise<void> {
  const there = pointsIn(copies).length;
  const started = estate.start(...run);
  const over = started.ended;
  while (!readdirSync(copies).some((name) => name.startsWith('.partial')) && started.process.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
  server.stop('immediate');
  const status = await over;
  server.start();
  const left = readdirSync(copies).filter((name) => name.startsWith('.'));
  report.row(
    'kill of the server in the middle of its dump: what was not whole is no point',
    'holdfast run postgres --now; pg_ctl stop -m immediate',
    'ls of the points',
    (status !== 0 && left.length === 0 && pointsIn(copies).length >= there) ||
      new Error(`exit ${status}; ${left.join(', ')}; ${started.output().slice(-600)}`),
  );
  const again = await estate.type(...run);
  report.control('a server that stays down', again.status === 0 || again.status === 3 || seen(again) === undefined);
}
