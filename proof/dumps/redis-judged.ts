// 3.7 Redis, whose content went away, or does not change any more: mission rule 10.
import { type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { fillRedis, redisPlace, restorer } from './redis-values.ts';
import { heldIn, live, newest, runOf, saysOf } from './stores.ts';

export async function proveRedisJudged(report: Report): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  try {
    await proveGone(report, server);
    await proveFrozen(report, server);
  } finally {
    server.close();
  }
}

/** Points of nothing must not take the place of the last that had something. */
async function proveGone(report: Report, server: RedisTestServer): Promise<void> {
  for (const [what, lose, says] of [
    ['keys went to zero', () => server.cli('flushall'), /has no keys, and had \d{3}/],
    [
      'more than half of the keys are gone',
      () =>
        server.cli(
          'eval',
          `for _, k in ipairs(redis.call('keys', 'session *')) do redis.call('del', k) end
        redis.call('select', 3) redis.call('flushdb')`,
          '0',
        ),
      /has \d+ keys, and had \d+/,
    ],
  ] as const) {
    const place = redisPlace(server, { keep: { keep_last: 2 } });
    fillRedis(server);
    await place.estate.type(...runOf(place));
    const good = newest(place);
    lose();
    const nights = [];
    for (let night = 0; night < 3; night += 1) nights.push(await place.estate.type(...runOf(place)));
    report.row(
      `3.7 ${what}: each night says so, and the last good point is held against retention`,
      nights[0]?.command ?? '',
      'the words, ls of the points',
      (nights.every((one) => one.status === 3 && says.test(saysOf(one))) && heldIn(place).includes(good)) ||
        seen(...nights),
    );
    const back = await place.estate.type(...live(good));
    const calm = await place.estate.type(...runOf(place));
    report.control(`a suspicion that never ends (${what})`, back.status === 0 && calm.status === 0);
    place.estate.close();
  }
}

/** A store of counters has one size all day: what tells is its bytes, and no start of the server is a change of them. */
async function proveFrozen(report: Report, server: RedisTestServer): Promise<void> {
  const place = redisPlace(server, { judgement: { unchanged: '1s' }, keep: { keep_last: 20 } });
  const runs = [];
  for (let day = 0; day < 9; day += 1) {
    server.cli('set', 'of today', day < 5 ? `it is ${'now '.repeat(day)}` : `the ${day}th time`);
    runs.push(await place.estate.type(...runOf(place)));
  }
  report.row(
    '3.7 keys whose values change, and neither their number nor their size, are not said to be the same',
    runs[0]?.command ?? '',
    'the words',
    runs.every(({ status }) => status === 0) || seen(...runs.filter(({ status }) => status !== 0)),
  );
  server.cli('save');
  server.stop();
  server.start();
  let still = runs.at(-1);
  for (let day = 0; day < 6 && still?.status === 0; day += 1) still = await place.estate.type(...runOf(place));
  report.row(
    '3.7 keys that used to change and do not any more are said, though the server was started anew meanwhile',
    still?.command ?? '',
    'the words',
    (still?.status === 3 && /is the same in every dump for/.test(saysOf(still))) || seen(...(still ? [still] : [])),
  );
  server.cli('set', 'of today', 'the 9th time');
  const changed = await place.estate.type(...runOf(place));
  report.control('a change of one byte that is taken for none', changed.status === 0);
  place.estate.close();
}
