// 3.15 etcd is not interrupted for a snapshot that is not whole, and has what it had where a restore fails later.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestText, withSeal } from '../../src/layers/common/points/manifest.ts';
import type { EtcdTestServer } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { asked, etcdPicture, etcdPlace, fillEtcd } from './etcd-values.ts';
import { live, newest, runOf, type StorePlace, saysOf, serviceFaults, storedPoint, unfinished } from './stores.ts';

export async function proveEtcdDamage(report: Report, server: EtcdTestServer, full: boolean): Promise<void> {
  fillEtcd(server);
  await proveDamaged(report, server);
  await proveNoRoom(report, server);
  await proveServices(report, server, full);
}

/** As long as it is the same, nobody has stopped it. */
const runsAs = ({ folder }: EtcdTestServer): string => readFileSync(join(folder, 'pid'), 'utf8');

async function proveDamaged(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server, { compress: 'none' });
  await place.estate.type(...runOf(place));
  const point = newest(place);
  const { part } = storedPoint(place, point);
  server.ctl('put', 'since', 'then');
  const [before, runs] = [etcdPicture(server), runsAs(server)];
  const otherValue = `LC_ALL=C sed -i 's/value 11/VALUE 11/' "$1"`;
  for (const [how, script, sealedAgain, says] of [
    [
      'a point with zeros in its middle',
      'dd if=/dev/zero of="$1" bs=1 seek=9000 count=4000 conv=notrunc',
      [],
      /point-damaged/,
    ],
    ['a point with half of its length', 'truncate -s $(($(stat -c %s "$1") / 2)) "$1"', [], /./],
    ['a point with another value in it', otherValue, [], /point-damaged/],
    [
      'a snapshot of which the digest is not that of its pages, sealed by a hand',
      otherValue,
      ['sha256'],
      /dump-damaged|sha256/,
    ],
    ['a snapshot of a later etcd', 'true', ['version'], /server-too-old/],
  ] as const) {
    sh(
      `cp -a '${part}' kept; cp manifest.json kept.json; set -- '${part}'; ${script} 2>/dev/null`,
      join(place.copies, point),
    );
    for (const what of sealedAgain) sealAgain(place, point, part, what);
    const refused = await place.estate.type(...live(point));
    report.row(
      `3.15 ${how} is refused; the member was not even stopped`,
      refused.command,
      `${asked}; its process`,
      (refused.status !== 0 &&
        says.test(saysOf(refused)) &&
        etcdPicture(server) === before &&
        runsAs(server) === runs &&
        unfinished(server.data).length === 0) ||
        seen(refused),
    );
    sh(`mv kept '${part}'; mv kept.json manifest.json`, join(place.copies, point));
  }
  sealAgain(place, point, part, 'sha256');
  const good = await place.estate.type(...live(point));
  report.control(
    'a check that refuses every point, also one that was sealed by a hand as it was',
    good.status === 0 && etcdPicture(server) !== before && runsAs(server) !== runs,
  );
  place.estate.close();
}

/** As somebody would who can write there: every digest that Holdfast keeps is right again. */
function sealAgain({ copies }: StorePlace, point: string, part: string, what: string): void {
  const path = join(copies, point, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const sha256 = createHash('sha256')
    .update(readFileSync(join(copies, point, part)))
    .digest('hex');
  for (const one of [
    ...manifest.parts.filter(({ name }: { name: string }) => name === part),
    manifest.details.items[0],
  ])
    one.sha256 = sha256;
  if (what === 'version') manifest.details.server.version = 'etcd 3.99.0';
  delete manifest.details.seal;
  writeFileSync(path, manifestText(withSeal(manifest)));
}

async function proveNoRoom(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server);
  await place.estate.type(...runOf(place));
  const point = newest(place);
  server.ctl('put', 'since', 'the run');
  const before = etcdPicture(server);
  server.stop();
  const small = 'mount -t tmpfs -o size=400m,mode=0700,uid=$(id -u etcd),gid=$(id -g etcd) tmpfs "$1"';
  sh(`set -- '${server.data}'; mkdir "$1.kept"; cp -a "$1/." "$1.kept"; ${small}; cp -a "$1.kept/." "$1"`);
  server.start();
  const runs = runsAs(server);
  sh('head -c 500000000 /dev/zero >filler 2>/dev/null || true', server.data);
  const refused = await place.estate.type(...live(point));
  report.row(
    '3.15 no room in the data folder is said before the member is stopped, and nothing stays there',
    refused.command,
    `${asked}; its process; find`,
    holds(
      {
        'it is refused': refused.status !== 0 && /no-room|disk-full/.test(saysOf(refused)),
        'all as before': etcdPicture(server) === before,
        'it runs on': runsAs(server) === runs,
        'nothing is left': unfinished(server.data).length === 0,
      },
      saysOf(refused).slice(-1000),
    ),
  );
  sh('rm filler', server.data);
  const roomy = await place.estate.type(...live(point));
  report.control('a folder that is full for ever', roomy.status === 0 && etcdPicture(server) !== before);
  const after = etcdPicture(server);
  server.stop();
  sh(`set -- '${server.data}'; rm -r "$1.kept"; cp -a "$1" "$1.kept"; umount "$1"; rm -r "$1"; mv "$1.kept" "$1"`);
  server.start();
  if (etcdPicture(server) !== after) throw new Error('the member was not put back as it was');
  place.estate.close();
}

/** Whatever the service does, there is all of before in the end. */
async function proveServices(report: Report, server: EtcdTestServer, full: boolean): Promise<void> {
  for (const [what, layer, says] of serviceFaults(server.service, full)) {
    const place = etcdPlace(server, layer);
    await place.estate.type(...runOf(place));
    server.ctl('put', 'since', what);
    const before = etcdPicture(server);
    const failed = await place.estate.type(...live(newest(place)));
    const now = pictureNow(server);
    server.start();
    report.row(
      `3.15 ${what}: it is named, and the member has and runs on what it had`,
      failed.command,
      `${asked}; find`,
      (failed.status !== 0 && says.test(saysOf(failed)) && now === before && unfinished(server.data).length === 0) ||
        seen(
          failed,
          `${now === before ? 'as before' : `NOT as before: ${now.slice(0, 300)}`}; left: ${unfinished(server.data)}`,
        ),
    );
    place.estate.close();
  }
}

const pictureNow = (server: EtcdTestServer): string => {
  try {
    return etcdPicture(server);
  } catch {
    return 'it does not answer';
  }
};
