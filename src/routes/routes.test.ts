// What an operator is told of the ways of his bytes, from estates as he writes them.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { files, kinds } from '../estate/estate.test-support.ts';
import { readEstate } from '../estate/read.ts';
import type { JobHistory } from '../model/job-history.ts';
import { carriersOf } from '../routes-of-estate.ts';
import { minutes } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import { plain } from '../values/paint.ts';
import { estateOf, house, judged, routed, said } from './estates.test-support.ts';
import { ofWorkload } from './routes.ts';
import { routesAsText } from './routes-text.ts';

const photos = (more = '', name = 'photos') =>
  `  - { name: ${name}, kind: disk-image, machine: pve, workload: photos, image: /srv/photos.img, to: /mnt/backup/images, mounted_at: /mnt/backup, keep: { keep_daily: 7 }${more} }\n`;
const scheduled = (...jobs: readonly string[]) =>
  `schedules: [${jobs.map((job) => `{ job: ${job}, schedule: "03:00" }`).join(', ')}]\n`;
const one = `workloads: [{ name: photos }]\nlayers:\n${photos()}${scheduled('photos')}`;
const volumes = (exclude = '') =>
  `kubernetes: [{ name: cluster, machine: pve }]\nworkloads: [{ name: claims }]\nlayers:\n  - { name: volumes, kind: lvm-thin, machine: pve, kubernetes: cluster, workload: claims, keep: { keep_daily: 7 }${exclude} }\n  - { name: databases, kind: sqlite, machine: pve, workload: claims, from: { snapshots_of: volumes }, to: /mnt/backup/sqlite, mounted_at: /mnt/backup, keep: { keep_daily: 7 } }\n${scheduled('volumes', 'databases')}`;

describe('the way of each byte', () => {
  it('is one page a person can read: examples/s3', async (t) => {
    const root = resolve(import.meta.dirname, '..', '..');
    const estate = await readEstate(join(root, 'examples', 's3', 'estate.yaml'), { files, kinds });
    const text = routesAsText(judged(estate), [], plain);
    t.assert.fileSnapshot(text, join(root, 'test', 'golden', 's3.routes.txt'), { serializers: [String] });
  });

  it('goes from a source through one layer to the next, with what each leaves of it and where it stands from the original', async () => {
    const { ways } = await routed(volumes());
    assert.equal(ways.length, 1, 'the points of a layer are no source of their own');
    const [way] = ways;
    assert.deepEqual(
      way?.copies.map(({ number, from, carrier, parts, schedule, apart }) => ({
        number,
        from,
        carrier,
        parts,
        schedule,
        apart,
      })),
      [
        { number: 1, from: 0, carrier: 'volumes', parts: [], schedule: '03:00', apart: 'the same disk' },
        {
          number: 2,
          from: 1,
          carrier: 'databases',
          parts: ['SQLite databases'],
          schedule: '03:00',
          apart: 'another disk',
        },
      ],
    );
  });

  it('goes on from each of several copies, also into one place', async () => {
    const { ways } = await routed(
      volumes().replace(
        'schedules:',
        `  - { name: claims, kind: files, machine: pve, workload: claims, from: { snapshots_of: volumes }, to: /mnt/backup/files, keep: { keep_daily: 7 } }
  - { name: away, kind: offsite, machine: pve, workload: claims, points_of: [databases, claims], to: /volume1/points, to_machine: nas, keep: { keep_daily: 7 } }
schedules:`,
      ),
    );
    assert.deepEqual(
      ways[0]?.copies.map(({ carrier, from, parts }) => [carrier, from, parts.length]),
      [
        ['volumes', 0, 0],
        ['databases', 1, 1],
        ['away', 2, 1],
        ['claims', 1, 0],
        ['away', 4, 0],
      ],
    );
  });

  it('goes on from a folder that holds copies, by whatever name its machine is called, and only there (control)', async () => {
    const further = (folder: string, machine: string) =>
      `workloads: [{ name: photos }, { name: databases }]
layers:
${photos()}  - { name: inner, kind: sqlite, machine: ${machine}, workload: databases, from: { folder: ${folder} }, to: /srv/elsewhere, keep: { keep_daily: 7 } }
${scheduled('photos', 'inner')}`;
    const copies = async (text: string) =>
      (await routed(text)).ways.map((way) => way.copies.map(({ carrier }) => carrier));
    assert.deepEqual(await copies(further('/mnt/backup/images/photos', 'pve')), [['photos', 'inner']]);
    assert.deepEqual(
      await copies(further('/mnt/backup/images/photos', 'nas')),
      [['photos'], ['inner']],
      'control: another host',
    );
    assert.deepEqual(
      await copies(further('/mnt/backup/imagesother', 'pve')),
      [['photos'], ['inner']],
      'control: another folder',
    );
  });

  it('of guests goes through storages to datastores, and on by sync jobs: examples/homelab', async () => {
    const root = resolve(import.meta.dirname, '..', '..');
    const estate = await readEstate(join(root, 'examples', 'homelab', 'estate.yaml'), { files, kinds });
    const guests = judged(estate).ways.filter(({ source }) => source.what === 'guests');
    assert.deepEqual(
      guests.map(({ copies }) =>
        copies.map(({ carrier, writes, from }) => [carrier, writes.what === 'datastore' && writes.at, from]),
      ),
      Array.from({ length: 3 }, () => [
        ['nightly', 'tank/prod', 0],
        ['pbs-pihanga/to-parents', 'pbs.parents.example:family', 1],
        ['pbs-pihanga/to-away', 'away', 1],
      ]),
    );
  });

  it('can be asked for one workload alone', async () => {
    const text = `${one.replace('[{ name: photos }]', '[{ name: photos }, { name: machine }]').replace(scheduled('photos'), '')}  - { name: host, kind: host-config, machine: pve, workload: machine, to: /mnt/backup/host, keep: { keep_daily: 7 } }\n`;
    const estate = await estateOf(`${house}${text}`);
    const all = judged(estate);
    const own = ofWorkload(all, carriersOf(estate), 'photos');
    assert.deepEqual([all.ways.length, own.ways.map(({ workloads }) => workloads)], [2, [['photos']]]);
    assert.equal(
      own.gaps.every(({ subject }) => !subject.includes('host')),
      true,
    );
  });
});

describe('a gap', () => {
  const gaps = async (text: string, more = {}) =>
    said((await routed(text, more)).gaps).filter((line) => line.startsWith('warning'));

  it('is a workload that no layer carries, or that is only looked at; not one that is carried, or excluded with a reason', async () => {
    assert.deepEqual(await gaps(one), [], 'control');
    const more = one.replace('[{ name: photos }]', '[{ name: photos }, { name: music }]');
    assert.match((await gaps(more)).join(), /^warning workload\/music: no layer carries it anywhere/);
    const excused = `${more}exclusions: [{ subject: music, reason: it is on discs, owner: anna, review_by: 2027-01-01 }]\n`;
    assert.deepEqual(await gaps(excused), []);
    const watched = more
      .replace('schedules: [', 'schedules: [{ job: watch, schedule: hourly }, ')
      .replace(
        'schedules',
        '  - { name: watch, kind: sqlite, machine: pve, workload: music, from: { files: [/a.db] }, only_check: true }\nschedules',
      );
    assert.match((await gaps(watched)).join(), /workload\/music: watch only looks at it and copies nothing/);
  });

  it('is a layer that never starts by itself', async () => {
    assert.match((await gaps(one.replace(scheduled('photos'), ''))).join(), /layer\/photos: it has no schedule/);
  });

  it('is what the last run was to carry and did not, by name; not what it did (control)', async () => {
    const history = (missing: readonly string[]): JobHistory => ({
      ...{ name: 'volumes', kind: 'lvm-thin', workload: 'claims', nextRun: undefined, running: undefined },
      ...{ lastSuccess: undefined, lastDegraded: undefined, figures: undefined },
      last: {
        ...{
          run: 'r',
          outcome: 'degraded',
          startedAt: instantAt(0),
          endedAt: instantAt(1),
          took: minutes(1),
          summary: '',
        },
        tally: {
          ...{
            expected: 77,
            done: 77 - missing.length,
            excluded: [],
            items: [],
            bytes: undefined,
            pools: [],
            databases: [],
          },
          missing: missing.map((name) => ({ name, workload: name, says: 'no answer' })),
        },
      },
    });
    assert.match(
      (await gaps(volumes(), { histories: [history(['web/data'])] })).join(),
      /layer\/volumes: its last run .* did not carry 1 item of 77: web\/data \(no answer\)/,
    );
    assert.deepEqual(await gaps(volumes(), { histories: [history([])] }), []);
  });

  const guests = (jobs: string, rest = '') => `
pve: [{ name: ruapehu, url: "https://10.0.0.10:8006", token: { id: a@pve!b, secret: { env: T } }, trust: ca }, { name: pihanga, url: "https://10.0.0.11:8006", token: { id: a@pve!b, secret: { env: T } }, trust: ca }]
backup_jobs: [${jobs}]
${rest}`;
  const job = (select: string, more = '') =>
    `{ name: nightly${more}, schedule: "02:00", select: ${select}, storage: tank }`;

  it('is a guest that a job leaves out without a reason, unless another job takes it or an exclusion says why', async () => {
    assert.match(
      (await gaps(guests(job('{ all_but: [101] }')))).join(),
      /guest\/ruapehu\/101: the job nightly leaves it out/,
    );
    assert.deepEqual(await gaps(guests(job('all'))), [], 'control');
    assert.deepEqual(await gaps(guests(`${job('{ all_but: [101] }')}, ${job('{ guests: [101] }', '2')}`)), []);
    const why = 'exclusions: [{ subject: vm/101, reason: the PBS itself, owner: anna, review_by: 2027-01-01 }]';
    assert.deepEqual(await gaps(guests(job('{ all_but: [101] }'), why)), []);
  });

  it('is a PVE server that no backup job is for, where the estate declares any', async () => {
    const only = job('all').replace('schedule', 'on: [ruapehu], schedule');
    assert.match(
      (await gaps(guests(only))).join(),
      /^warning pve\/pihanga: no backup job of the estate is for its guests/,
    );
    assert.deepEqual(
      await gaps(guests('').replace('backup_jobs: []', '')),
      [],
      'control: jobs are none of its matters',
    );
  });

  it('is no gap, and said, that every copy lies beside its original', async () => {
    const notes = said((await routed(one)).gaps);
    assert.match(
      notes.join(),
      /^info file\/pve: every copy of \/srv\/photos.img on pve lies on the host of the original/,
    );
    const firewall = `workloads: [{ name: firewall }]\nlayers:\n  - { name: firewall, kind: pfsense, machine: pfsense, to_machine: pve, workload: firewall, to: /mnt/backup/fw, keep: { keep_daily: 7 } }\n${scheduled('firewall')}`;
    assert.deepEqual(said((await routed(firewall)).gaps), [], 'control: another host');
  });
});

describe('what is carried twice', () => {
  const twice = async (text: string) => said((await routed(text)).duplicates);
  const two = (more: string) =>
    `workloads: [{ name: photos }]\nlayers:\n${photos()}  - { name: again, kind: disk-image, machine: pve, workload: photos, image: ${more}, keep: { keep_daily: 7 } }\n${scheduled('photos', 'again')}`;

  it('is one source to one host by two layers; not to two disks that are declared as such (control)', async () => {
    assert.match(
      (await twice(two('/srv/photos.img, to: /srv/copies'))).join(),
      /layer\/again: \/srv\/photos.img on pve is carried twice to pve: by photos into \/mnt\/backup\/images\/photos on pve, and by it into \/srv\/copies\/again on pve/,
    );
    assert.deepEqual(await twice(two('/srv/photos.img, to: /mnt/other/images, mounted_at: /mnt/other')), []);
    assert.match(
      (await twice(two('/srv/photos.img, to: /mnt/backup/more, mounted_at: /mnt/backup'))).join(),
      /carried twice to the disk at \/mnt\/backup on pve/,
    );
    assert.deepEqual(await twice(two('/srv/other.img, to: /srv/copies')), [], 'control: another source');
  });

  it('is no dump beside a snapshot: a part of it, for another reason', async () => {
    assert.deepEqual(await twice(volumes()), []);
  });

  it('is a guest in two backup jobs to one place; not one in two jobs for different guests (control)', async () => {
    const pbs = `
pve: [{ name: ruapehu, url: "https://10.0.0.10:8006", token: { id: a@pve!b, secret: { env: T } }, trust: ca }]
pbs: [{ name: backup, url: "https://10.0.0.20:8007", token: { id: a@pbs!b, secret: { env: T } }, trust: ca, datastores: [{ name: tank, path: /mnt/tank }] }]
pbs_storages: [{ name: tank, server: 10.0.0.20, datastore: tank, trust: ca, password: { env: P } }]
`;
    const jobs = (first: string, second: string) =>
      `${pbs}backup_jobs: [{ name: a, schedule: "02:00", select: ${first}, storage: tank }, { name: b, schedule: "03:00", select: ${second}, storage: tank }]\n`;
    assert.match(
      (await twice(jobs('all', '{ guests: [104] }'))).join(),
      /bytes of the guests 104 of ruapehu are carried to backup by a, too/,
    );
    assert.deepEqual(await twice(jobs('{ guests: [100] }', '{ guests: [104] }')), []);
    assert.deepEqual(await twice(jobs('{ all_but: [104] }', '{ guests: [104] }')), []);
  });
});

describe('what is left out', () => {
  const entry = (review: string, more = '') =>
    volumes(
      `, exclude: [{ namespace: monitoring, reason: its series can be collected anew, owner: ops, review_by: ${review}${more} }]`,
    );

  it('is listed with its reason, also that it can be made anew', async () => {
    const { leftOut } = await routed(entry('2027-06-01', ', regenerable: true'));
    assert.deepEqual(leftOut, [
      {
        ...{
          what: 'namespace monitoring',
          reason: 'its series can be collected anew',
          owner: 'ops',
          review_by: '2027-06-01',
        },
        ...{ regenerable: true, by: 'volumes', overdue: false },
      },
    ]);
    assert.equal((await routed(entry('2027-06-01'))).leftOut[0]?.regenerable, false, 'control');
  });

  it('is a warning once its day of review is over, and not on that day (control)', async () => {
    const overdue = async (today: string) => said((await routed(entry('2026-11-22'), { today })).overdue);
    assert.match(
      (await overdue('2026-11-23')).join(),
      /warning layer\/volumes: namespace monitoring is left out, and that was to be looked at again by 2026-11-22 \(ops\)/,
    );
    assert.deepEqual(await overdue('2026-11-22'), []);
  });
});
