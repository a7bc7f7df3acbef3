// 3.7 etcd of three members: a snapshot of one of them is that of all, and makes a cluster of three again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../declare/world.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { asked, etcdCluster, etcdPicture } from './etcd-values.ts';
import { bringPoint, live, newest, runOf, type StorePlace, saysOf, storedPoint, storePlace } from './stores.ts';

type Entry = Readonly<Record<string, unknown>>;

export async function proveCluster(report: Report): Promise<void> {
  const cluster = await etcdCluster();
  const [one, two] = cluster.members;
  const placeOf = (url: string, more: Entry = {}): StorePlace =>
    storePlace('etcd', { server: { url }, staging: 'FOLDER/staging', ...more });
  const place = placeOf(two?.url ?? '', { service: 'never-there', data: two?.data });
  const other = placeOf(one?.url ?? '');
  try {
    await cluster.start();
    for (let key = 0; key < 20; key += 1) cluster.ctl('put', `key ${key}`, `value ${key}`);
    const before = etcdPicture(cluster);
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    report.row(
      '3.7 a cluster of three: a snapshot of one member has all keys, and names the three',
      taken.command,
      `${asked}; the manifest`,
      (taken.status === 0 &&
        storedPoint(place, point).counts['keys'] === 20 &&
        ['one', 'two', 'three'].every((name) => storedPoint(place, point).text.includes(`"${name}"`))) ||
        seen(taken),
    );
    const refused = await place.estate.type(...live(point));
    report.row(
      '3.15 a cluster of three is not replaced by one member: that is refused, and what to do is said',
      refused.command,
      asked,
      (refused.status !== 0 && /cluster-of-many/.test(saysOf(refused)) && etcdPicture(cluster) === before) ||
        seen(refused),
    );
    await proveAgain(report, place, point, before);
    await cluster.kill('one');
    const lost = await other.estate.type(...runOf(other));
    const rest = await place.estate.type(...runOf(place));
    report.row(
      '3.7 a member that is killed is named; of those that stay a snapshot is taken',
      `${lost.command}; ${rest.command}`,
      'ls of the points',
      (lost.status === 1 &&
        /database-unreachable/.test(saysOf(lost)) &&
        pointsIn(other.copies).length === 0 &&
        rest.status === 0 &&
        pointsIn(place.copies).length === 2) ||
        seen(lost, rest),
    );
    await cluster.kill('three');
    const alone = await place.estate.type(...runOf(place));
    report.row(
      '3.7 one member of three has no leader: its snapshot is no point that is whole without a word',
      alone.command,
      'ls of the points',
      (alone.status !== 0 && pointsIn(place.copies).length === (alone.status === 1 ? 2 : 3)) || seen(alone),
    );
  } finally {
    for (const { estate } of [place, other]) estate.close();
    await cluster.close();
  }
}

/** As the page says it: a data folder for each member, of one snapshot; then all are started together. */
async function proveAgain(report: Report, place: StorePlace, point: string, before: string): Promise<void> {
  const folder = join(place.estate.folder, 'new');
  const anew = await etcdCluster(folder);
  const places = anew.members.map(({ name, peer, url }) => ({
    data: join(folder, name),
    own: storePlace('etcd', {
      ...{ server: { url }, staging: 'FOLDER/staging' },
      member: { name, peer_urls: [peer], initial_cluster: anew.initial, initial_cluster_token: 'again' },
    }),
  }));
  try {
    const typed = [];
    for (const { data, own } of places) {
      bringPoint(place, point, own);
      typed.push(await own.estate.type('restore', 'apps', '--point', point, '--to', `data${data}`, '--yes'));
    }
    await anew.start();
    report.row(
      '3.15 a new data folder for each of three members, who start as one cluster with everything',
      typed[0]?.command ?? '',
      `${asked}; etcdctl member list`,
      (typed.every(({ status }) => status === 0) &&
        etcdPicture(anew) === before &&
        anew.ctl('member', 'list').split('\n').length === 3) ||
        seen(...typed),
    );
    anew.ctl('put', 'written', 'after');
    report.control('a cluster that takes nothing', etcdPicture(anew) !== before && existsSync(folder));
  } finally {
    for (const { own } of places) own.estate.close();
    await anew.close();
  }
}
