// 3.7 Redis: values of every type in several databases, dumped both ways, wrecked, and brought back: in place, as a file, onto others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { proveDown, proveLogged, proveMillion, proveSealed } from './redis-others.ts';
import {
  asked,
  fillRedis,
  keysIn,
  pictureAfterStart,
  redisPicture,
  redisPlace,
  restorer,
  wreckRedis,
} from './redis-values.ts';
import {
  asFile,
  bringPoint,
  heldIn,
  live,
  newest,
  runOf,
  type StorePlace,
  saysOf,
  storedPoint,
  unfinished,
} from './stores.ts';

export async function proveRedis(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Redis, all that it holds');
  for (const way of ['replication', 'bgsave']) await proveWay(report, way);
  await proveLogged(report);
  await proveDown(report);
  await proveSealed(report);
  if (full) await proveMillion(report);
}

async function proveWay(report: Report, way: string): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  const login = { user: 'mender', password: { file: 'FOLDER/mender' } };
  const own = way === 'replication' ? {} : { server: { socket: join(server.data, 'socket'), ...login } };
  const place = redisPlace(server, { way, ...own });
  try {
    fillRedis(server);
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    const { counts, part } = storedPoint(place, point);
    const checks = `zstd -tq ${part}; zstd -dc ${part} | sha256sum; zstd -dc ${part} | redis-check-rdb /dev/stdin | grep 'keys read'`;
    const says = tried('sh', ['-ec', `cd '${join(place.copies, point)}'; ${checks}`]);
    const keys = keysIn(server);
    report.row(
      `3.7 ${way}: every key of every database is in the dump, and counted`,
      taken.command,
      'INFO keyspace; zstd -t; redis-check-rdb',
      (taken.status === 0 && counts['keys'] === keys && keys > 300 && says.says.includes(`${keys} keys read`)) ||
        seen(taken, `${counts['keys']} of ${keys} keys; ${says.says}`),
    );
    await proveInPlace(report, way, server, place, point);
    if (way === 'replication') await proveElsewhere(report, server, place, point);
  } finally {
    place.estate.close();
    server.close();
  }
}

async function proveInPlace(
  report: Report,
  way: string,
  server: RedisTestServer,
  place: StorePlace,
  point: string,
): Promise<void> {
  const { estate } = place;
  const before = redisPicture(server);
  wreckRedis(server);
  const wrecked = redisPicture(server);
  report.control(`${way}: a server that was wrecked`, wrecked !== before);
  const unagreed = await estate.type(...live(point).filter((word) => !['--confirm', 'redis', 'etcd'].includes(word)));
  report.control(
    `${way}: what is destroyed, and not agreed to by its name`,
    unagreed.status !== 0 && /consent-missing/.test(saysOf(unagreed)) && redisPicture(server) === wrecked,
  );
  const back = await estate.type(...live(point));
  const same = redisPicture(server) === before && pictureAfterStart(server) === before;
  const files = sh(`stat -c '%U %a %n' '${server.data}/dump.rdb'`);
  report.row(
    `3.15 ${way}: it comes back in its place, also after one more start; its files are the server's own; nothing of the work is left`,
    back.command,
    `${asked}; stat, find`,
    (back.status === 0 && same && files.startsWith('redis 6') && unfinished(server.data).length === 0) ||
      seen(back, `${same ? 'the same' : 'NOT the same'}; ${files}; ${unfinished(server.data)}`),
  );
  const undone = await estate.type(...live(heldIn(place).at(-1) ?? 'none'));
  report.row(
    `3.15 ${way}: what was there was held, and comes back, too`,
    undone.command,
    asked,
    (undone.status === 0 && redisPicture(server) === wrecked) || seen(undone),
  );
  const again = await estate.type(...live(point));
  report.row(
    `3.15 ${way}: and back again`,
    again.command,
    asked,
    (again.status === 0 && redisPicture(server) === before) || seen(again),
  );
}

/** As a file, which another server begins with; and in the place of nothing. */
async function proveElsewhere(
  report: Report,
  server: RedisTestServer,
  place: StorePlace,
  point: string,
): Promise<void> {
  const before = redisPicture(server);
  const target = join(place.estate.folder, 'files');
  const files = await place.estate.type(...asFile(point, target));
  const other = await startRedis({ settings: [restorer], dump: readFileSync(join(target, 'dump.rdb')) });
  const elsewhere = redisPlace(other);
  try {
    report.row(
      '3.15 as a file that redis-check-rdb reads and another server begins with',
      files.command,
      `redis-check-rdb; ${asked}`,
      (files.status === 0 &&
        tried('redis-check-rdb', [join(target, 'dump.rdb')]).says.includes('RDB looks OK') &&
        redisPicture(other) === before) ||
        seen(files),
    );
    const twice = await place.estate.type(...asFile(point, target));
    report.control('a folder that has something in it', twice.status !== 0 && pointsIn(target).join() === 'dump.rdb');
    wreckRedis(other);
    other.cli('flushall');
    const empty = redisPicture(other);
    bringPoint(place, point, elsewhere);
    const onto = await elsewhere.estate.type(...live(point));
    report.row(
      '3.15 onto another server that has nothing',
      onto.command,
      asked,
      (onto.status === 0 && empty !== before && redisPicture(other) === before) || seen(onto),
    );
  } finally {
    elsewhere.estate.close();
    other.close();
  }
}
