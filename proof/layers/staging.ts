// 2.1 at run time: room is looked at before bytes move. A guest that grew since its job was applied, against the lab; and the
// layers of this house, which gather and copy: a destination and a staging that are too small. The authorities are df and ls.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { database } from '../../src/layers/common/sqlite/databases.test-support.ts';
import { canMount, type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { seen, worldOf } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { pointsIn, sh, sqlite, tried } from './place.ts';

export async function proveStaging(report: Report): Promise<void> {
  report.section('2.1 Room, again at run time');
  await proveGuest(report);
  if (canMount()) await proveLayers(report);
  else report.skip('2.1 for layers', 'it needs root');
}

async function proveGuest(report: Report): Promise<void> {
  const world = await worldOf({ taskSeconds: 0 });
  try {
    const { url, fingerprint } = world.at('ruapehu');
    const estate = world.estate(`estate: staged
pve:
  - { name: ruapehu, url: "${url}", fingerprint: "${fingerprint}", token: { id: holdfast@pve!ops, secret: { file: LAB/ruapehu.token } } }
backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "02:00", select: { guests: [200] }, storage: old-pbs }]
`);
    const started = () => world.writes().filter(({ path }) => path.endsWith('/vzdump')).length;
    await estate.type('apply', '--yes');
    const small = await estate.type('run', 'nightly');
    report.control('a small guest that is refused', small.status === 0 && started() === 1);
    const set = { mp1: 'thick:vm-200-disk-1,mp=/srv/data,size=492G,backup=1' };
    await world.change({ server: 'ruapehu', guest: 200, set });
    const refused = await estate.type('run', 'nightly');
    const said = `${refused.stdout}${refused.stderr}`;
    report.row(
      '2.1 a guest that grew since its job was applied: the run is refused with both sizes',
      refused.command,
      "requests.ndjson: no backup was started; the node's own status",
      (refused.status === 1 &&
        started() === 1 &&
        /staging-too-small/.test(said) &&
        /500 GiB/.test(said) &&
        /375 GiB are free/.test(said)) ||
        seen(refused),
    );
  } finally {
    await world.stop();
  }
}

const text = `
estate: rooms
machines: [{ name: here, local: true }]
workloads: [{ name: apps }, { name: host }]
layers:
  - { name: databases, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/data }, to: FOLDER/small/copies, mounted_at: FOLDER/small, keep: { keep_last: 5 } }
  - { name: config, kind: host-config, machine: here, workload: host, also: [FOLDER/own], staging: FOLDER/memory, to: FOLDER/copies, keep: { keep_last: 5 } }
`;

async function proveLayers(report: Report): Promise<void> {
  const estate = estateIn(text, 'rooms');
  const at = (name: string) => join(estate.folder, name);
  for (const name of ['data', 'own', 'small', 'memory']) mkdirSync(at(name));
  try {
    database(at('data/a.db'), 100);
    const off = await estate.type('run', 'databases', '--now');
    report.row(
      '2.1 a disk that is not mounted: nothing is written to the one beneath',
      off.command,
      'mountpoint, find',
      (off.status === 1 &&
        /destination-not-mounted/.test(`${off.stdout}${off.stderr}`) &&
        tried('find', [at('small'), '-mindepth', '1']).says === '') ||
        seen(off),
    );
    sh(
      `mount -t tmpfs -o size=64m,mode=0700 tmpfs small; mount -t tmpfs -o size=40m,mode=0700 tmpfs memory`,
      estate.folder,
    );
    await proveDestination(report, estate, at);
    await proveStaged(report, estate, at);
  } finally {
    for (const name of ['small', 'memory']) tried('umount', ['--lazy', at(name)]);
    estate.close();
  }
}

async function proveDestination(report: Report, estate: Estate, at: (name: string) => string): Promise<void> {
  const points = () => pointsIn(at('small/copies/databases'));
  const fits = await estate.type('run', 'databases', '--now');
  report.control('databases that fit, refused', fits.status === 0 && points().length === 1);
  sqlite(at('data/large.db'), 'CREATE TABLE notes (x); INSERT INTO notes VALUES (randomblob(50000000))');
  const avail = sh(`df -B1 --output=avail ${at('small')} | tail -1`);
  const refused = await estate.type('run', 'databases', '--now');
  report.row(
    '2.1 databases that do not fit the disk of the copies: refused with both sizes, the point before stays, nothing half-made',
    refused.command,
    'df as before; ls of the points',
    (refused.status !== 0 &&
      /no-room|disk-full/.test(`${refused.stdout}${refused.stderr}`) &&
      points().length === 1 &&
      sh(`df -B1 --output=avail ${at('small')} | tail -1`) === avail) ||
      seen(refused, `${avail} -> ${sh(`df -B1 --output=avail ${at('small')} | tail -1`)}`),
  );
}

async function proveStaged(report: Report, estate: Estate, at: (name: string) => string): Promise<void> {
  writeFileSync(at('own/small'), 'fits');
  const fits = await estate.type('run', 'config', '--now');
  const points = () => pointsIn(at('copies/config'));
  report.control(
    'a configuration that fits its staging, refused',
    [0, 3].includes(fits.status ?? 1) && points().length === 1,
  );
  writeFileSync(at('own/large'), Buffer.alloc(60_000_000, 7));
  const tight = await estate.type('run', 'config', '--now');
  report.row(
    '2.1 an item larger than its staging is refused with the sizes, before it fills memory; the others are taken',
    tight.command,
    'df and ls of the staging; ls of the points',
    (tight.status === 3 &&
      new RegExp(`${at('own')}[^\\n]*(needed|free)`).test(`${tight.stdout}${tight.stderr}`) &&
      tried('find', [at('memory'), '-mindepth', '1']).says === '' &&
      points().length === 2) ||
      seen(tight),
  );
}
