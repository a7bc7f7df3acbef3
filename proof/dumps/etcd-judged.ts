// 3.7 etcd, whose keys went away, or do not change any more: mission rule 10.
import type { EtcdTestServer } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { etcdPlace, fillEtcd } from './etcd-values.ts';
import { runOf, saysOf } from './stores.ts';
import { proveGone } from './stores-judged.ts';

export async function proveEtcdJudged(report: Report, server: EtcdTestServer): Promise<void> {
  const filled = () => {
    fillEtcd(server);
    return etcdPlace(server, { keep: { keep_last: 2 } });
  };
  await proveGone(report, filled, [
    { what: 'keys went to zero', lose: () => server.ctl('del', '', '--from-key'), says: /has no keys, and had \d{3}/ },
    {
      what: 'more than half of the keys are gone',
      lose: () => server.ctl('del', '/registry/secrets/1', '/registry/secrets/6'),
      says: /has \d+ keys, and had \d+/,
    },
  ]);
  await proveFrozen(report, server);
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
