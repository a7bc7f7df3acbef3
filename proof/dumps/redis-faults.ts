// 3.7 Redis under fire: logins, a server that is not there, dumps that are none, disks that are full.
import { join } from 'node:path';
import { type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { proveRedisDamage } from './redis-damage.ts';
import { proveRedisJudged } from './redis-judged.ts';
import { proveRedisMidway } from './redis-midway.ts';
import { fillRedis, redisPlace, restorer } from './redis-values.ts';
import { runOf, saysOf, storedPoint, typedWith, unfinished } from './stores.ts';

const poorLogins = [
  'user counter on >counts resetkeys resetchannels -@all +ping +info',
  'user blind on >sees resetkeys resetchannels -@all +ping +sync +psync +replconf',
];

export async function proveRedisFaults(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Redis under fire');
  const server = await startRedis({ settings: [restorer, ...poorLogins] });
  try {
    fillRedis(server);
    server.cli('save');
    await proveLogins(report, server);
    await proveDown(report, server);
    await proveLies(report, server);
    await proveFullDisk(report, server);
  } finally {
    server.close();
  }
  await proveRedisJudged(report);
  await proveRedisMidway(report);
  await proveRedisDamage(report, full);
}

const loginAs = (server: RedisTestServer, user: string) => ({
  server: { host: '127.0.0.1', port: server.port, user, password: { file: 'FOLDER/own' } },
});

async function proveLogins(report: Report, server: RedisTestServer): Promise<void> {
  for (const [user, password, says, status, promise] of [
    ['holdfast', 'wrong', /database-login-refused/, 1, 'a wrong password is called one'],
    ['nobody', 'wrong', /database-login-refused/, 1, 'a user that is not there is called one'],
    ['counter', 'counts', /dump-not-allowed/, 1, 'a login that may not be sent a dump is called one'],
    ['blind', 'sees', /may not ask how many keys/, 0, 'a login that may only be sent the dump gets it whole, counted'],
  ] as const) {
    const place = redisPlace(server, loginAs(server, user), { own: password });
    const answered = await place.estate.type(...runOf(place));
    const points = pointsIn(place.copies);
    const counted = points.length === 1 ? storedPoint(place, points[0] ?? '').counts['keys'] : undefined;
    report.row(
      `3.7 ${promise}`,
      answered.command,
      'the exit code, the words, ls of the points',
      (answered.status === status &&
        says.test(saysOf(answered)) &&
        points.length === (status === 0 ? 1 : 0) &&
        (status !== 0 || (counted ?? 0) > 300)) ||
        seen(answered),
    );
    place.estate.close();
  }
}

async function proveDown(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server);
  await place.estate.type(...runOf(place));
  server.stop();
  const down = await place.estate.type(...runOf(place));
  server.start();
  report.row(
    '3.7 a server that is down: a failed run, and the last point stays',
    down.command,
    'ls of the points',
    (down.status === 1 && /database-unreachable/.test(saysOf(down)) && pointsIn(place.copies).length === 1) ||
      seen(down),
  );
  const up = await place.estate.type(...runOf(place));
  report.control('a server that is down for ever', up.status === 0 && pointsIn(place.copies).length === 2);
  place.estate.close();
}

/** Whatever redis-cli gives out, and however it ends: nobody's exit code is a proof. */
async function proveLies(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server);
  const whole = 'for w; do :; done; [ "$w" = - ] || exec "$REAL" "$@"';
  for (const [what, body] of [
    ['a program that is killed midway', '"$REAL" "$@" | head -c 500000; kill -9 $$'],
    ['half of a dump, and a good end', '"$REAL" "$@" | head -c 500000'],
    ['a program that says nothing and ends well', 'exit 0'],
    ['zeros that end well', 'head -c 500000 /dev/zero'],
    ['a dump with another checksum behind it', '"$REAL" "$@" | head -c -48; printf 12345678'],
    ['a dump with other bytes in its middle', `"$REAL" "$@" | LC_ALL=C sed 's/of database/OF DATABASE/'`],
    ['a dump that is whole, and an end that is not', '"$REAL" "$@"; exit 3'],
  ] as const) {
    const cut = await typedWith(place, '/usr/bin/redis-cli', `${whole}\n${body}`, runOf(place));
    report.row(
      `3.7 ${what}: no such dump is sealed`,
      cut.command,
      'ls of the points, find',
      (cut.status === 1 && /nothing-dumped/.test(saysOf(cut)) && pointsIn(place.copies).length === 0) || seen(cut),
    );
  }
  const good = await typedWith(place, '/usr/bin/redis-cli', 'exec "$REAL" "$@"', runOf(place));
  report.control(
    'a check that takes no dump at all',
    good.status === 0 && pointsIn(place.copies).length === 1 && unfinished(place.copies).length === 0,
  );
  place.estate.close();
}

async function proveFullDisk(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server, { to: 'FOLDER/small/copies', compress: 'none' });
  const small = join(place.estate.folder, 'small');
  sh(
    'mkdir small; mount -t tmpfs -o size=24m,mode=0700 tmpfs small; head -c 7000000 /dev/zero >small/filler',
    place.estate.folder,
  );
  try {
    // It has room for what a first point may come to, and not for this one.
    server.cli('eval', `for i = 1, 20 do redis.call('set', 'large ' .. i, string.rep('x', 1000000)) end`, '0');
    const filled = await place.estate.type(...runOf(place));
    report.row(
      '3.7 a full disk at the target is called one, and nothing half is left',
      filled.command,
      'find',
      (filled.status === 1 &&
        /disk-full|no-room/.test(saysOf(filled)) &&
        unfinished(small).length === 0 &&
        pointsIn(join(small, 'copies', 'redis')).length === 0) ||
        seen(filled, unfinished(small).join()),
    );
    server.cli('eval', `for i = 1, 20 do redis.call('del', 'large ' .. i) end`, '0');
    sh('rm small/filler', place.estate.folder);
    const roomy = await place.estate.type(...runOf(place));
    report.control('a disk that is full for ever', roomy.status === 0);
  } finally {
    sh(`umount '${small}'`, '/');
    place.estate.close();
  }
}
