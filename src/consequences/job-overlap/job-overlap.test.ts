import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../../model/facts.ts';
import { entry, house, notesOf, planned } from '../plans.test-support.ts';
import { jobOverlap } from './job-overlap.ts';

const weighing = [jobOverlap];
const store = (more = '') => `datastores: [{ name: tank, path: /mnt/tank${more === '' ? '' : `, ${more}`} }]`;
const jobs = (...entries: readonly string[]) =>
  house(
    store(),
    `pbs_storages: [${entry()}]\nbackup_jobs: [${entries.map((one) => `{ select: all, storage: tank, ${one} }`)}]`,
  );
const one = (name: string, schedule: string, on = 'ruapehu') => `name: ${name}, on: [${on}], schedule: "${schedule}"`;

describe('backup jobs of several servers into one PBS', () => {
  it('are said to begin at the same minute, with times that are apart', async () => {
    const made = await planned(weighing, { now: jobs('name: nightly, schedule: "02:00"') });
    assert.deepEqual(notesOf(made), [
      'info pbs/backup: 3 servers (hikurangi, pihanga, ruapehu) begin to back up to it at the same minute, first at 2026-11-22 02:00 by their own clocks; a small PBS refuses connections while so many backups begin. Spread them, such as hikurangi 02:00, pihanga 02:20, ruapehu 02:40',
    ]);
    assert.deepEqual(made.asked, []);
  });

  it('are fine when spread, when off, and where this plan touches none of them', async () => {
    const spread = jobs(one('first', '02:00'), one('second', '02:20', 'pihanga'), one('third', '02:40', 'hikurangi'));
    assert.deepEqual(notesOf(await planned(weighing, { now: spread })), []);
    const off = jobs(one('first', '02:00'), `${one('second', '02:00', 'pihanga')}, enabled: false`);
    assert.deepEqual(notesOf(await planned(weighing, { now: off })), []);
    const same = jobs('name: nightly, schedule: "02:00"');
    assert.deepEqual(notesOf(await planned(weighing, { before: same, now: same })), []);
  });

  it('are not compared across clocks: 02:00 of a server is not 02:00 UTC', async () => {
    const mixed = jobs(one('first', '02:00'), one('second', '02:00 UTC', 'pihanga'));
    assert.deepEqual(notesOf(await planned(weighing, { now: mixed })), []);
  });
});

describe('backup jobs of one server', () => {
  it('that start at the same minute are said to wait for each other', async () => {
    const made = await planned(weighing, { now: jobs(one('nightly', '02:00'), one('weekly', 'sat 02:00')) });
    assert.deepEqual(notesOf(made), [
      'info pve-backup-job/ruapehu/nightly: backup job nightly, backup job weekly start at the same minute on ruapehu, first at 2026-11-28 02:00: a node makes one backup at a time, so each waits for the one before it',
    ]);
  });

  const late = {
    before: jobs(one('nightly', '02:00')),
    now: jobs(one('nightly', '02:00'), one('weekly', 'sun 03:00')),
  };
  const took = (minutes: number, zone: string) => (ask: Ask) => {
    if (ask.fact === 'time-zone') return zone;
    const startedAt = Date.UTC(2026, 10, 21, 2, 0, 20) / 1000;
    return [{ node: 'ruapehu', startedAt, vmid: undefined, endedAt: startedAt + minutes * 60 }];
  };

  it('overlap by how long their runs took of late', async () => {
    const made = await planned(weighing, { ...late, answer: took(75, 'UTC') });
    assert.deepEqual(made.asked, ['ended-backups ruapehu', 'time-zone ruapehu']);
    assert.deepEqual(notesOf(made), [
      'info pve-backup-job/ruapehu/weekly: backup job weekly starts while backup job nightly still runs, which took up to 1h 15m of late, first at 2026-11-22T03:00:00Z: a node makes one backup at a time, so each waits for the one before it',
    ]);
  });

  it('do not where runs are short, or none is known to be theirs, which is said', async () => {
    assert.deepEqual(notesOf(await planned(weighing, { ...late, answer: took(30, 'UTC') })), []);
    const foreign = await planned(weighing, { ...late, answer: took(75, 'Pacific/Auckland') });
    assert.match(
      notesOf(foreign).join(),
      /^info pve\/ruapehu: could not be computed: whether backup jobs overlap \(no run of nightly, weekly is listed there any more\)$/,
    );
    assert.match(
      notesOf(await planned(weighing, late)).join(),
      /could not be computed: whether backup jobs overlap \(ruapehu: it does not answer\)/,
    );
  });

  it('that are hours apart cost no question', async () => {
    const apart = jobs(one('nightly', '02:00'), one('weekly', 'sun 12:00'));
    assert.deepEqual((await planned(weighing, { now: apart })).asked, []);
  });
});

describe('jobs of one datastore', () => {
  const estate = (gc: string, verify: string) =>
    house(
      store(
        `gc: "${gc}", prune: { schedule: "03:30", keep_daily: 7 }, verify: { schedule: "${verify}", again_after: 30d }`,
      ),
    );

  it('that start at the same minute are named', async () => {
    const made = await planned(weighing, { now: estate('03:30', 'sat 03:30') });
    assert.deepEqual(notesOf(made), [
      'info pbs-prune-job/backup/holdfast-tank: garbage collection of tank, prune job holdfast-tank start at the same minute on tank on backup, first at 2026-11-22 03:30: they share the disks and the memory of the PBS',
      'info pbs-prune-job/backup/holdfast-tank: garbage collection of tank, prune job holdfast-tank, verify job holdfast-tank start at the same minute on tank on backup, first at 2026-11-21 03:30: they share the disks and the memory of the PBS',
    ]);
  });

  it('are silent when apart', async () => {
    assert.deepEqual(notesOf(await planned(weighing, { now: estate('04:30', 'sat 18:15') })), []);
  });
});
