// 3.7 etcd: a snapshot is taken, wrecked, and brought back: in place, as a file, as a new data folder.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EtcdTestServer, startEtcd } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { proveCluster } from './etcd-cluster.ts';
import { proveUsers } from './etcd-users.ts';
import { asked, etcdPicture, etcdPlace, fillEtcd, keysIn, wreckEtcd } from './etcd-values.ts';
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

export async function proveEtcd(report: Report, full: boolean): Promise<void> {
  report.section('3.7 etcd, all that it holds');
  const server = await startEtcd();
  const place = etcdPlace(server);
  try {
    fillEtcd(server, full ? 20_000 : 300);
    const keys = keysIn(server);
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    const { counts, part } = storedPoint(place, point);
    const says = statusOf(join(place.copies, point), part);
    report.row(
      '3.7 every key is in the snapshot, and counted at its revision; etcdctl looks through every page, and the digest behind is right',
      taken.command,
      'etcdctl get --keys-only; zstd -t; etcdctl snapshot status; sha256sum; find',
      (taken.status === 0 &&
        counts['keys'] === keys &&
        keys >= 300 &&
        says === `${counts['revision']} right` &&
        readdirSync(join(place.estate.folder, 'staging')).length === 0) ||
        seen(taken, `${counts['keys']} of ${keys}; ${says}`),
    );
    await proveInPlace(report, server, place, point);
    await proveNewFolder(report, server, place, point);
    await proveDown(report, server, place, point);
  } finally {
    place.estate.close();
    server.close();
  }
  await proveUsers(report);
  await proveCluster(report);
}

/** The revision that etcdctl finds in it, and whether its last 32 bytes are the SHA-256 of all before. */
function statusOf(folder: string, part: string): string {
  const script = `db=$(mktemp); trap 'rm "$db"' EXIT; zstd -tq '${part}'; zstd -qdcf '${part}' >"$db"
etcdctl snapshot status "$db" -w json | grep -o '"revision":[0-9]*' | cut -d: -f2 | tr '\\n' ' '
[ "$(head -c -32 "$db" | sha256sum | cut -c1-64)" = "$(tail -c 32 "$db" | od -An -v -tx1 | tr -d ' \\n')" ] && echo right`;
  return tried('sh', ['-ec', `export ETCDCTL_API=3; cd '${folder}'; ${script}`]).says.trim();
}

async function proveInPlace(report: Report, server: EtcdTestServer, place: StorePlace, point: string): Promise<void> {
  const before = etcdPicture(server);
  wreckEtcd(server);
  const wrecked = etcdPicture(server);
  report.control('a store that was wrecked', wrecked !== before);
  const back = await place.estate.type(...live(point));
  const same = etcdPicture(server) === before;
  server.stop();
  server.start();
  const owner = sh(`stat -c '%U %a' '${server.data}' '${server.data}/member'`);
  report.row(
    '3.15 it comes back in its place, also after one more start; its folder is its own account’s; nothing of the work is left',
    back.command,
    `${asked}; stat, find`,
    (back.status === 0 &&
      same &&
      etcdPicture(server) === before &&
      /^etcd 700\netcd 7/.test(owner) &&
      unfinished(server.data).length === 0) ||
      seen(back, `${same}; ${owner}; ${unfinished(server.data)}`),
  );
  const undone = await place.estate.type(...live(heldIn(place).at(-1) ?? 'none'));
  report.row(
    '3.15 what was there was held, and comes back, too',
    undone.command,
    asked,
    (undone.status === 0 && etcdPicture(server) === wrecked) || seen(undone),
  );
  const again = await place.estate.type(...live(point));
  report.row(
    '3.15 and back again',
    again.command,
    asked,
    (again.status === 0 && etcdPicture(server) === before) || seen(again),
  );
  server.ctl('put', 'written', 'after');
  report.control('a store that takes nothing any more', etcdPicture(server) !== before);
}

/** No member is touched: another one is started on it. */
async function proveNewFolder(report: Report, server: EtcdTestServer, place: StorePlace, point: string): Promise<void> {
  const [before, target] = [etcdPicture(server), join(place.estate.folder, 'new')];
  const typed = ['restore', 'apps', '--point', point, '--to', `data${target}`, '--yes'];
  const made = await place.estate.type(...typed);
  const owner = sh(`stat -c '%U %a' '${target}'`);
  sh(`chmod o+x '${place.estate.folder}'`);
  const other = await startEtcd(target);
  const restored = etcdPicture(other);
  other.close();
  await place.estate.type(...live(point));
  report.row(
    '3.15 a new data folder, owned by whom it is declared for, on which another member starts with everything',
    made.command,
    `${asked}; stat`,
    (made.status === 0 && owner === 'etcd 700' && restored === etcdPicture(server) && restored !== before) ||
      seen(made, owner),
  );
  const twice = await place.estate.type(...typed);
  report.control('a folder that is there already', twice.status !== 0 && etcdPicture(server) === restored);
  const folder = join(place.estate.folder, 'files');
  const file = await place.estate.type(...asFile(point, folder));
  const status = tried('sh', ['-c', `ETCDCTL_API=3 etcdctl snapshot status '${folder}/snapshot.db' -w json`]).says;
  report.row(
    '3.15 as a file that etcdctl reads',
    file.command,
    'etcdctl snapshot status',
    (file.status === 0 && status.includes(`"revision":${storedPoint(place, point).counts['revision']},`)) ||
      seen(file, status),
  );
}

async function proveDown(report: Report, server: EtcdTestServer, place: StorePlace, point: string): Promise<void> {
  const before = etcdPicture(server);
  server.kill();
  sh('find . -mindepth 1 -delete', server.data);
  const keep = ['restore', 'apps', '--point', point, '--to', 'live', '--keep-old', '--yes'];
  const refused = await place.estate.type(...keep);
  report.control(
    'a member that is down, and of which nobody says who it is',
    refused.status !== 0 && /member-not-declared/.test(saysOf(refused)) && sh('ls -A', server.data) === '',
  );
  const known = etcdPlace(server, { member: { name: 'one', peer_urls: [server.peer] } });
  bringPoint(place, point, known);
  const back = await known.estate.type(...keep);
  report.row(
    '3.15 a member that is down, into a data folder that is empty: `--keep-old` brings it back and up',
    back.command,
    asked,
    (back.status === 0 && etcdPicture(server) === before) || seen(back),
  );
  known.estate.close();
}
