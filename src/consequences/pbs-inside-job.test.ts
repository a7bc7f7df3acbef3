import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../model/facts.ts';
import { pbsInsideJob } from './pbs-inside-job.ts';
import { entry, guest, house, notesOf, planned } from './plans.test-support.ts';

const estate = (select: string, more = '', on = 'pihanga') =>
  house(
    'runs_on: { pve: pihanga, guest: 101 }\ndatastores: [{ name: tank, path: /mnt/tank }]',
    `pbs_storages: [${entry()}]\nbackup_jobs: [{ name: nightly, on: [${on}], schedule: "02:00", select: ${select}, storage: tank${more} }]`,
  );
const said = async (now: string, answer?: (ask: Ask) => unknown) =>
  planned([pbsInsideJob], { now, ...(answer === undefined ? {} : { answer }) });

describe('a PBS inside its own backup job', () => {
  it('is warned of, with the exclusion to declare', async () => {
    const cases = [
      ['all', 'select: { all_but: [101] }'],
      ['{ all_but: [500, 99999] }', 'select: { all_but: [101, 500, 99999] }'],
      ['{ guests: [100, 101] }', 'select: { guests: [100] }'],
      ['{ guests: [101] }', 'remove the job, or name other guests in it'],
    ] as const;
    for (const [select, remedy] of cases) {
      const notes = notesOf(await said(estate(select)));
      assert.equal(notes.length, 1, select);
      assert.match(
        notes[0] ?? '',
        /^warning pve-backup-job\/pihanga\/nightly: it takes guest 101, which is the PBS backup/,
      );
      assert.ok(notes[0]?.endsWith(remedy), notes[0]);
    }
  });

  it('is no matter where it is left out, the job is off, runs on another server, or writes elsewhere', async () => {
    for (const now of [
      estate('{ all_but: [101] }'),
      estate('all', ', enabled: false'),
      estate('all', '', 'ruapehu'),
      estate('all').replace('storage: tank', 'storage: local'),
    ])
      assert.deepEqual(notesOf(await said(now)), []);
  });

  it('asks for the guests only where a pool or a node decides it', async () => {
    const pool = estate('{ pool: gold }');
    const inPool = (name: string) => (ask: Ask) =>
      ask.fact === 'guests' ? [guest(101, 'pbs', { pool: name, node: 'pihanga' })] : undefined;
    const made = await said(pool, inPool('gold'));
    assert.deepEqual(made.asked, ['guests pihanga']);
    assert.match(notesOf(made).join(), /take 101 out of the pool gold/);
    assert.deepEqual(notesOf(await said(pool, inPool('other'))), []);
    assert.match(notesOf(await said(pool)).join(), /could not be computed: whether it takes the PBS backup \(101\)/);
    assert.deepEqual((await said(estate('all'))).asked, []);
  });
});
