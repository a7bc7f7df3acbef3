// 3.15 Redis in other places: that keeps a log of commands, that is down, whose points are encrypted, and that has a million keys.
import { join } from 'node:path';
import { filled, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
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
import { bringPoint, live, newest, runOf, saysOf, storedPoint, unfinished } from './stores.ts';

/** With `appendonly yes` a server never looks at a dump that lies there. */
export async function proveLogged(report: Report): Promise<void> {
  const server = await startRedis({
    settings: [restorer, 'appendonly yes', 'appenddirname "log of commands"', 'dbfilename all.rdb'],
  });
  const place = redisPlace(server);
  try {
    fillRedis(server);
    const before = redisPicture(server);
    const taken = await place.estate.type(...runOf(place));
    wreckRedis(server);
    const back = await place.estate.type(...live(newest(place)));
    const same = redisPicture(server) === before;
    server.cli('set', 'written', 'after');
    const since = redisPicture(server);
    report.row(
      '3.15 a server that reads its log of commands comes back, goes on keeping it, and has both after a start',
      back.command,
      `${asked}; CONFIG GET appendonly`,
      (taken.status === 0 &&
        back.status === 0 &&
        same &&
        pictureAfterStart(server) === since &&
        /yes/.test(server.cli('config', 'get', 'appendonly')) &&
        unfinished(server.data).length === 0) ||
        seen(taken, back),
    );
    report.control('a log that has lost what was written since', since !== before);
  } finally {
    place.estate.close();
    server.close();
  }
}

/** It does not run any more, and its disk is new. */
export async function proveDown(report: Report): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  const place = redisPlace(server);
  try {
    fillRedis(server);
    const before = redisPicture(server);
    await place.estate.type(...runOf(place));
    const point = newest(place);
    server.kill();
    sh(`find . -mindepth 1 -delete`, server.data);
    const refused = await place.estate.type(...live(point));
    report.control(
      'a server that is down, of which nothing can be put away',
      refused.status !== 0 && /server-down/.test(saysOf(refused)) && sh('ls -A', server.data) === '',
    );
    const back = await place.estate.type('restore', 'apps', '--point', point, '--to', 'live', '--keep-old', '--yes');
    report.row(
      '3.15 a server that is down, into a data folder that is empty: `--keep-old` brings it back and up',
      back.command,
      asked,
      (back.status === 0 && redisPicture(server) === before) || seen(back),
    );
    wreckRedis(server);
    server.cli('save');
    server.stop();
    const kept = await place.estate.type('restore', 'apps', '--point', point, '--to', 'live', '--keep-old', '--yes');
    const old = sh('ls -d before-*/dump.rdb', server.data);
    const inOld = tried('redis-check-rdb', [join(server.data, old)]).says;
    report.row(
      '3.15 and where there is something, that stays beside, as its own checker reads it',
      kept.command,
      `${asked}; redis-check-rdb`,
      (kept.status === 0 && redisPicture(server) === before && inOld.includes('[info] 2 keys read')) ||
        seen(kept, inOld),
    );
  } finally {
    place.estate.close();
    server.close();
  }
}

/** Packed by gzip, and opened by nobody but who has the key. */
export async function proveSealed(report: Report): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  const [mine, others] = [sh('age-keygen 2>/dev/null'), sh('age-keygen 2>/dev/null')];
  const recipient = /age1\w+/.exec(mine)?.[0] ?? '';
  const sealing = { encrypt_to: [recipient], compress: 'gzip' };
  const place = redisPlace(server, { ...sealing, identity: { file: 'FOLDER/mine' } }, { mine });
  const stranger = redisPlace(server, { ...sealing, identity: { file: 'FOLDER/others' } }, { others });
  try {
    fillRedis(server);
    const before = redisPicture(server);
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    const { part } = storedPoint(place, point);
    wreckRedis(server);
    const wrecked = redisPicture(server);
    bringPoint(place, point, stranger);
    const refused = await stranger.estate.type(...live(point));
    report.control(
      'a key that is not the one of the point',
      refused.status !== 0 && redisPicture(server) === wrecked && unfinished(server.data).length === 0,
    );
    const opened = tried('sh', [
      '-c',
      'age -d -i "$1" "$2" | gzip -t',
      'sh',
      join(place.estate.folder, 'mine'),
      join(place.copies, point, part),
    ]);
    const back = await place.estate.type(...live(point));
    report.row(
      '3.7 a point that is encrypted: nobody reads it without the key, and it comes back with it',
      back.command,
      `age -d, gzip -t; grep; ${asked}`,
      (taken.status === 0 &&
        back.status === 0 &&
        opened.status === 0 &&
        tried('grep', ['-rc', 'of database', join(place.copies, point, part)]).says.trim() === '0' &&
        redisPicture(server) === before) ||
        seen(taken, back, opened.says),
    );
  } finally {
    for (const { estate } of [place, stranger]) estate.close();
    server.close();
  }
}

export async function proveMillion(report: Report): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  const place = redisPlace(server);
  try {
    filled(server, 1_000_000, 100);
    const before = server.digest();
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    const keys = keysIn(server);
    server.cli('flushall');
    report.control('a server that has lost a million keys', server.digest() !== before);
    const back = await place.estate.type(...live(point));
    report.row(
      '3.15 a million keys are dumped, counted and brought back',
      `${taken.command}; ${back.command}`,
      'redis-cli: INFO keyspace, DEBUG DIGEST (of every key, value and end)',
      (taken.status === 0 &&
        back.status === 0 &&
        keys > 1_000_000 &&
        storedPoint(place, point).counts['keys'] === keys &&
        server.digest() === before) ||
        seen(taken, back),
    );
  } finally {
    place.estate.close();
    server.close();
  }
}
