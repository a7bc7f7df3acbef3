// 3.7 etcd, whose keys went away, or do not change any more: mission rule 10.
import type { EtcdTestServer } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { etcdPlace, fillEtcd } from './etcd-values.ts';
import { heldIn, live, newest, runOf, saysOf } from './stores.ts';

export async function proveEtcdJudged(report: Report, server: EtcdTestServer): Promise<void> {
  await proveGone(report, server);
  await proveFrozen(report, server);
}

/** Points of nothing must not take the place of the last that had something. */
async function proveGone(report: Report, server: EtcdTestServer): Promise<void> {
  for (const [what, lose, says] of [
    ['keys went to zero', () => server.ctl('del', '', '--from-key'), /has no keys, and had \d{3}/],
    [
      'more than half of the keys are gone',
      () => server.ctl('del', '/registry/secrets/1', '/registry/secrets/6'),
      /has \d+ keys, and had \d+/,
    ],
  ] as const) {
    fillEtcd(server);
    const place = etcdPlace(server, { keep: { keep_last: 2 } });
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

/** A store of one size may be written to all day: what tells is its revision. */
async function proveFrozen(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server, { judgement: { unchanged: '1s' }, keep: { keep_last: 20 } });
  const runs = [];
  for (let day = 0; day < 5; day += 1) {
    server.ctl('put', `day ${day}`, 'x');
    runs.push(await place.estate.type(...runOf(place)));
  }
  for (let day = 0; day < 4; day += 1) {
    server.ctl('put', 'day 1', String(day));
    runs.push(await place.estate.type(...runOf(place)));
  }
  report.row(
    '3.7 a store whose values change, and not their number, is not said to be the same',
    runs[0]?.command ?? '',
    'the words',
    runs.every(({ status }) => status === 0) || seen(...runs.filter(({ status }) => status !== 0)),
  );
  let still = runs.at(-1);
  for (let day = 0; day < 6 && still?.status === 0; day += 1) still = await place.estate.type(...runOf(place));
  report.row(
    '3.7 a store that used to change and does not any more is said',
    still?.command ?? '',
    'the words',
    (still?.status === 3 && /is the same in every dump for/.test(saysOf(still))) || seen(...(still ? [still] : [])),
  );
  server.ctl('put', 'day 1', 'another');
  const changed = await place.estate.type(...runOf(place));
  report.control('a change of one value that is taken for none', changed.status === 0);
  place.estate.close();
}
