// 3.7 etcd that is killed while a snapshot of it is taken.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EtcdTestServer } from '../../src/layers/etcd/server.test-support.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { etcdPlace } from './etcd-values.ts';
import { runOf, type StorePlace, saysOf, typedWith, unfinished } from './stores.ts';

/** What it wrote to a file for a moment is gone, and so is what was not finished. */
export const left = ({ estate, copies }: StorePlace): readonly string[] => [
  ...readdirSync(join(estate.folder, 'staging')),
  ...unfinished(copies),
];

export async function proveEtcdMidway(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server);
  const large = 'x'.repeat(100_000);
  for (let key = 0; key < 400; key += 1) server.ctl('put', `large ${key}`, large);
  await place.estate.type(...runOf(place));
  const started = place.estate.start(...runOf(place));
  const staging = join(place.estate.folder, 'staging');
  const size = await until(
    'the middle of a snapshot',
    () => {
      const name = readdirSync(staging, { recursive: true })
        .map(String)
        .find((one) => one.endsWith('.part'));
      return name === undefined ? undefined : statSync(join(staging, name), { throwIfNoEntry: false })?.size;
    },
    1,
    1,
  );
  server.kill();
  const status = await started.ended;
  server.start();
  report.row(
    'kill -9 of etcd, in the middle of its snapshot: what was not whole is no point, and the last stays',
    'holdfast run etcd --now; kill -9',
    'ls of the points; find',
    (status === 1 && pointsIn(place.copies).length === 1 && left(place).length === 0) ||
      new Error(`exit ${status}, killed at ${size} bytes; ${left(place)}; ${started.output().slice(-600)}`),
  );
  const again = await place.estate.type(...runOf(place));
  report.control('a member that stays down', again.status === 0 && pointsIn(place.copies).length === 2);
  // Whoever asks a member that is gone waits for it, if nobody ends that.
  const script = `case " $* " in *" snapshot save "*) kill -9 "$(cat '${join(server.folder, 'pid')}')";; esac; exec "$REAL" "$@"`;
  const waited = await typedWith(place, '/usr/bin/etcdctl', script, runOf(place));
  server.start();
  report.row(
    'kill -9 of etcd, before it has sent anything of its snapshot: the run ends and names it, and the last point stays',
    waited.command,
    'ls of the points; find',
    (waited.status === 1 &&
      /database-unreachable/.test(saysOf(waited)) &&
      pointsIn(place.copies).length === 2 &&
      left(place).length === 0) ||
      seen(waited, left(place).join()),
  );
  place.estate.close();
}
