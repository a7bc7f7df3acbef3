import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doubleRetention } from './double-retention.ts';
import { entry, house, notesOf, planned } from './plans.test-support.ts';

const estate = (keep: string, prune: string, more = '') =>
  house(
    `datastores: [{ name: tank, path: /mnt/tank, prune: { schedule: daily, ${prune} } }]`,
    `pbs_storages: [${entry(`on: [ruapehu, pihanga], prune_backups: { ${keep} }`)}]\n${more}`,
  );
const notes = async (now: string) => notesOf(await planned([doubleRetention], { before: now, now }));

describe('two retentions over the same backups', () => {
  it('are said of each entry, with what to write instead, also where nothing is changed', async () => {
    const said = await notes(estate('keep_daily: 7', 'keep_daily: 14'));
    assert.deepEqual(
      said.map((one) => one.split(':')[0]),
      ['warning pve-storage/pihanga/tank', 'warning pve-storage/ruapehu/tank'],
    );
    assert.match(
      said[0] ?? '',
      /PVE prunes tank by keep_daily: 7 .* prune job holdfast-tank \(keep_daily: 14\) on backup.* prune_backups: \{ keep_all: 1 \}/,
    );
  });

  it('are not where one of them keeps everything, is off, or is for another namespace', async () => {
    for (const [keep, prune] of [
      ['keep_all: 1', 'keep_daily: 14'],
      ['keep_daily: 7', 'keep_all: 1'],
      ['keep_daily: 7', 'keep_daily: 14, enabled: false'],
      ['keep_daily: 7', 'keep_daily: 14, namespace: prod'],
    ] as const)
      assert.deepEqual(await notes(estate(keep, prune)), [], `${keep} beside ${prune}`);
  });

  it("are found in a backup job's own word, too", async () => {
    const job =
      'backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "02:00", select: all, storage: tank, prune_backups: { keep_last: 3 } }]';
    const said = await notes(estate('keep_all: 1', 'keep_daily: 14', job));
    assert.match(said.join('\n'), /^warning pve-backup-job\/ruapehu\/nightly: PVE prunes tank by keep_last: 3/);
  });
});
