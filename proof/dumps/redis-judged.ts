// 3.7 Redis, whose content went away, or does not change any more: mission rule 10.
import { type RedisTestServer, startRedis } from '../../src/layers/redis/server.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { fillRedis, redisPlace, restorer } from './redis-values.ts';
import { runOf, saysOf } from './stores.ts';
import { proveGone } from './stores-judged.ts';

export async function proveRedisJudged(report: Report): Promise<void> {
  const server = await startRedis({ settings: [restorer] });
  try {
    const filled = () => {
      fillRedis(server);
      return redisPlace(server, { keep: { keep_last: 2 } });
    };
    await proveGone(report, filled, [
      { what: 'keys went to zero', lose: () => server.cli('flushall'), says: /has no keys, and had \d{3}/ },
      {
        what: 'more than half of the keys are gone',
        lose: () => server.cli('eval', loseHalf, '0'),
        says: /has \d+ keys, and had \d+/,
      },
    ]);
    await proveFrozen(report, server);
  } finally {
    server.close();
  }
}

const loseHalf = `for _, k in ipairs(redis.call('keys', 'session *')) do redis.call('del', k) end
  redis.call('select', 3) redis.call('flushdb')`;

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
