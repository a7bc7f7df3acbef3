// 3.7 Redis that is killed while it sends or saves; and what anybody on the machine can see meanwhile.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { filled, type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { redisPlace, restorer } from './redis-values.ts';
import { runOf, type StorePlace, unfinished } from './stores.ts';

export async function proveRedisMidway(report: Report): Promise<void> {
  for (const way of ['replication', 'bgsave']) {
    const server = await startRedis({ settings: [restorer] });
    const login = { user: 'mender', password: { file: 'FOLDER/mender' } };
    const own = way === 'replication' ? {} : { server: { host: '127.0.0.1', port: server.port, ...login } };
    const place = redisPlace(server, { way, compress: 'none', ...own });
    try {
      filled(server, 3000, 1000);
      await place.estate.type(...runOf(place));
      server.cli('save');
      // A thousandth of a second for each key.
      server.cli('config', 'set', 'rdb-key-save-delay', '1000');
      await proveKilled(report, way, server, place);
      server.start();
      const again = await place.estate.type(...runOf(place));
      report.control(`a server that stays down (${way})`, again.status === 0 && pointsIn(place.copies).length === 2);
    } finally {
      place.estate.close();
      server.close();
    }
  }
}

async function proveKilled(report: Report, way: string, server: RedisTestServer, place: StorePlace): Promise<void> {
  const started = place.estate.start(...runOf(place));
  const isMidway =
    way === 'replication' ? () => hasBegun(place) : () => /bgsave_in_progress:1/.test(server.cli('info'));
  await until('the middle of a dump', isMidway);
  const visible = sh('ps -eo args');
  const child = tried('pgrep', ['-P', readFileSync(join(server.data, 'pid'), 'utf8').trim()]).says.trim();
  server.kill();
  if (child !== '') tried('kill', ['-9', child]);
  const status = await started.ended;
  report.row(
    `kill -9 of Redis, while it ${way === 'replication' ? 'sends' : 'saves'}: what was not whole is no point, and the last stays`,
    `holdfast run redis --now (${way}); kill -9`,
    'ls of the points, find',
    (status === 1 && unfinished(place.copies).length === 0 && pointsIn(place.copies).length === 1) ||
      new Error(`exit ${status}; ${unfinished(place.copies)}; ${started.output().slice(-600)}`),
  );
  if (way !== 'replication') return;
  report.row(
    '3.7 the password is in no argument of any process while a dump is taken',
    'ps -eo args',
    'ps',
    !visible.includes(server.password) || seen(visible.slice(0, 2000)),
  );
  report.control('a look that sees no process of it at all', visible.includes('--user holdfast'));
}

/** Some of it has come, and it is not over. */
function hasBegun({ copies }: StorePlace): boolean {
  return unfinished(copies).some((name) => {
    try {
      return name.endsWith('.rdb') && statSync(join(copies, name)).size > 100_000;
    } catch {
      return false;
    }
  });
}
