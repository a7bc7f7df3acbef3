// 3.15 Redis is not interrupted for a dump that is not whole, and has what it had where a restore fails later.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { asked, fillRedis, redisPicture, redisPlace, restorer } from './redis-values.ts';
import {
  asFile,
  bringPoint,
  live,
  newest,
  runOf,
  type StorePlace,
  saysOf,
  serviceFaults,
  storedPoint,
  typedWith,
  unfinished,
} from './stores.ts';

export async function proveRedisDamage(report: Report, full: boolean): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  try {
    fillRedis(server);
    await proveDamaged(report, server);
    await proveNewer(report, server);
    await proveNoRoom(report, server);
    await proveServices(report, server, full);
  } finally {
    server.close();
  }
}

/** As long as it is the same, nobody has stopped it. */
const startedAs = (server: RedisTestServer): string => /run_id:\w+/.exec(server.cli('info', 'server'))?.[0] ?? '';

async function proveDamaged(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server);
  await place.estate.type(...runOf(place));
  const point = newest(place);
  const { part } = storedPoint(place, point);
  server.cli('set', 'since', 'then');
  const [before, runs] = [redisPicture(server), startedAs(server)];
  for (const [how, script] of [
    ['zeros in its middle', `dd if=/dev/zero of="$1" bs=1 seek=3000 count=100 conv=notrunc status=none`],
    [
      'other bytes near its end',
      `printf xxxx | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 24)) conv=notrunc status=none`,
    ],
    ['half of its length', `truncate -s $(($(stat -c %s "$1") / 2)) "$1"`],
    ['no bytes at all', `: >"$1"`],
  ] as const) {
    sh(`cp -a '${part}' kept; set -- '${part}'; ${script}`, join(place.copies, point));
    const refused = await place.estate.type(...live(point));
    report.row(
      `3.15 a point with ${how} is refused; the server was not even stopped`,
      refused.command,
      `${asked}; INFO run_id`,
      (refused.status !== 0 &&
        redisPicture(server) === before &&
        startedAs(server) === runs &&
        unfinished(server.data).length === 0) ||
        seen(refused),
    );
    sh(`mv kept '${part}'`, join(place.copies, point));
  }
  const good = await place.estate.type(...live(point));
  report.control(
    'a check that refuses every point',
    good.status === 0 && redisPicture(server) !== before && startedAs(server) !== runs,
  );
  place.estate.close();
}

/** Where a server writes no checksum, its dump can be made one of a later version by a hand. */
async function proveNewer(report: Report, server: RedisTestServer): Promise<void> {
  const later = await startRedis({ settings: [restorer, 'rdbchecksum no'] });
  const [place, own] = [redisPlace(server), redisPlace(later)];
  try {
    fillRedis(later);
    const version = /redis_version:(\d)([\d.]+)/.exec(later.cli('info', 'server')) ?? [];
    const [, major = '', rest = ''] = version;
    const newer = `${Number(major) + 1}${rest}`;
    const script = `for w; do :; done; [ "$w" = - ] || exec "$REAL" "$@"\n"$REAL" "$@" | LC_ALL=C sed '1,/redis-ver/s/${major}${rest}/${newer}/'`;
    const taken = await typedWith(own, '/usr/bin/redis-cli', script, runOf(own));
    const point = newest(own);
    bringPoint(own, point, place);
    const [before, runs] = [redisPicture(server), startedAs(server)];
    const refused = await place.estate.type(...live(point));
    const file = await place.estate.type(...asFile(point, join(place.estate.folder, 'files')));
    report.row(
      '3.15 a dump of a later version is refused before anything is done; as a file it comes',
      refused.command,
      `head of the file; ${asked}; INFO run_id`,
      (taken.status === 0 &&
        refused.status !== 0 &&
        /server-too-old/.test(saysOf(refused)) &&
        file.status === 0 &&
        sh(`head -c 60 dump.rdb | grep -ac '${newer}'`, join(place.estate.folder, 'files')) === '1' &&
        redisPicture(server) === before &&
        startedAs(server) === runs) ||
        seen(taken, refused, file),
    );
    const same = await own.estate.type(...runOf(own));
    bringPoint(own, newest(own), place);
    const back = await place.estate.type(...live(newest(own)));
    report.control(
      'a dump without a checksum, of the same version, that is refused, too',
      same.status === 0 && back.status === 0 && redisPicture(server) === redisPicture(later),
    );
  } finally {
    for (const { estate } of [place, own]) estate.close();
    later.close();
  }
}

async function proveNoRoom(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server);
  await place.estate.type(...runOf(place));
  const point = newest(place);
  server.cli('set', 'since', 'the run');
  const before = redisPicture(server);
  server.cli('save');
  server.stop();
  const small = 'mount -t tmpfs -o size=40m,mode=0750,uid=$(id -u redis),gid=$(id -g redis) tmpfs "$1"';
  sh(`set -- '${server.data}'; mkdir "$1.kept"; cp -a "$1/." "$1.kept"; ${small}; cp -a "$1.kept/." "$1"`);
  server.start();
  const runs = startedAs(server);
  sh(`head -c 50000000 /dev/zero >filler 2>/dev/null || true`, server.data);
  const refused = await place.estate.type(...live(point));
  report.row(
    '3.15 no room in the data folder is said before the server is stopped, and nothing stays there',
    refused.command,
    `${asked}; INFO run_id; find`,
    (refused.status !== 0 &&
      /no-room|disk-full/.test(saysOf(refused)) &&
      redisPicture(server) === before &&
      startedAs(server) === runs &&
      unfinished(server.data).length === 0) ||
      seen(refused),
  );
  sh('rm filler', server.data);
  const roomy = await place.estate.type(...live(point));
  report.control('a folder that is full for ever', roomy.status === 0 && redisPicture(server) !== before);
  const after = redisPicture(server);
  server.cli('save');
  server.stop();
  sh(`set -- '${server.data}'; cp -a "$1/dump.rdb" "$1.kept"; umount "$1"; cp -a "$1.kept/." "$1"; rm -r "$1.kept"`);
  server.start();
  if (redisPicture(server) !== after) throw new Error('the server was not put back as it was');
  place.estate.close();
}

const pictureNow = (server: RedisTestServer): string => {
  try {
    return redisPicture(server);
  } catch {
    return 'it does not answer';
  }
};

/** Whatever the service does, there is all of before in the end. */
async function proveServices(report: Report, server: RedisTestServer, full: boolean): Promise<void> {
  const elsewhere = `${server.data}-other`;
  mkdirSync(elsewhere);
  sh(`chown redis: '${elsewhere}'`);
  chmodSync(elsewhere, 0o750);
  const cases = [
    ...serviceFaults(server.service, full),
    ['a folder that the server never reads', { data: elsewhere }, /data-not-found/],
  ] as const;
  for (const [what, layer, says] of cases) {
    const place: StorePlace = redisPlace(server, layer);
    await place.estate.type(...runOf(place));
    server.cli('set', 'since', what);
    const before = redisPicture(server);
    const failed = await place.estate.type(...live(newest(place)));
    const now = pictureNow(server);
    server.start();
    const left = [...unfinished(server.data), ...unfinished(elsewhere)];
    report.row(
      `3.15 ${what}: it is named, and the server has and runs on what it had`,
      failed.command,
      `${asked}; find`,
      (failed.status !== 0 && says.test(saysOf(failed)) && now === before && left.length === 0) ||
        seen(failed, left.join()),
    );
    place.estate.close();
  }
  sh(`rm -r '${elsewhere}'`);
}
