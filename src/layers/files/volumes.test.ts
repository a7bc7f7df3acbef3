// Files in the snapshots of volumes on the tests' PVE host: each volume its own generations, encrypted ones, a power cut.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { unlessMachine } from '../../../test/pve-machine/pve-machine.test-support.ts';
import { sweep } from '../../../test/sweep.test-support.ts';
import type { LayerContext } from '../../contracts/layer.ts';
import type { LayerEntry } from '../../model/estate.ts';
import type { RunId } from '../../model/run.ts';
import { systemClock } from '../../values/instant.ts';
import { type Begun, codesOf, type Driven, drive, type Outcome, recoverDriven } from '../common/driver.test-support.ts';
import { type Pve, startPve } from '../common/volume/pve.test-support.ts';
import { files } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type FilesEntry, filesEntry } from './schema.ts';

const snapshots: LayerEntry & { luks_keys: unknown } = {
  ...{ name: 'snapshots', kind: 'lvm-thin', machine: 'pve', workload: 'volumes', keep: {} },
  luks_keys: [{ file: '/keys/right' }],
};
const entryWith = (more: Record<string, unknown> = {}): FilesEntry =>
  filesEntry.parse({
    ...{ name: 'claims', kind: 'files', machine: 'pve', workload: 'volumes', from: { snapshots_of: 'snapshots' } },
    ...{ to: '/mnt/backup/points', mounted_at: '/mnt/backup', week_links: '/mnt/backup/pvc-data' },
    ...{ keep: { keep_last: 2 }, ...more },
  });

const content = { 'a/state': Buffer.from('one\n'), 'a/kept': Buffer.from('kept\n') };
const unlessSweep = sweep ? false : 'minutes on an emulated machine: `npm run proof:layers` does it';

describe('files of volumes', { skip: unlessMachine || unlessSweep, timeout: 3_000_000 }, () => {
  let host: Pve;
  before(async () => {
    host = await startPve();
    host.keys.set('/keys/right', 'the right key');
  });
  after(async () => await host?.stop());
  beforeEach(async () => {
    await host.pve.volumes.reset();
    await host.pve.must('rm -rf /mnt/backup/points /mnt/backup/pvc-data /mnt/backup/back');
  });

  const context: LayerContext = { timeZone: 'UTC', now: systemClock.now(), layers: [snapshots] };
  const driven = (run: string, more: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world: host.world(), taken: '/run/holdfast', ...more },
  });
  const protect = (run: string, entry = entryWith(), more: Partial<Driven> = {}): Promise<Outcome> =>
    drive(driven(run, more), planProtect(entry, context).steps, 'keep');
  const points = () => files.points(entryWith(), host.world());

  it('are copied, found by the week, and come back; the bad volume fails by its name, and snapshots stay as they are', async () => {
    const good = await host.pve.makeVolume({ filesystem: 'ext4', files: content });
    const locked = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'a key that nobody declared' });
    const { lv } = await host.seal(good.lv, 'r0', { claim: 'apps/state' });
    await host.seal(locked.lv, 'r0', { claim: 'apps/locked' });
    const [before, sum] = [await host.state(), await host.sum(lv)];
    const out = await protect('run1');
    assert.deepEqual(codesOf(out), ['luks-key-wrong']);
    assert.deepEqual([await host.state(), await host.sum(lv)], [before, sum]);
    const [point, ...others] = await points();
    assert.ok(point !== undefined && others.length === 0);
    assert.equal(point.manifest.workload, 'apps/state');
    assert.equal(await host.pve.must('cat /mnt/backup/pvc-data/*/apps/state/a/state'), 'one');
    const wish = { point, target: '/mnt/backup/back', only: undefined };
    const scouted = await files.scout?.(entryWith(), wish, host.world(), new AbortController().signal);
    const back = await drive(driven('run2'), planRestore(entryWith(), wish, context, scouted).steps, 'lead back');
    assert.deepEqual([back.failed, back.degraded], [{}, []]);
    assert.equal(await host.pve.must('cat /mnt/backup/back/a/state /mnt/backup/back/a/kept'), 'one\nkept');
    assert.equal(await host.state(), before);

    // The same snapshot again is the same point; a newer one shares what has not changed.
    await protect('run3');
    assert.equal((await points()).length, 1);
    await host.seal(good.lv, 'r4', { claim: 'apps/state' });
    await protect('run4');
    const [older, newer] = await points();
    assert.ok(older !== undefined && newer !== undefined);
    const inode = (folder: string) => host.pve.must(`stat -c %i '${folder}/tree/a/kept'`);
    assert.equal(await inode(newer.folder), await inode(older.folder));
  });

  it('of an encrypted volume are not copied to a disk in the clear, and are where the estate says what protects it', async () => {
    const made = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'the right key', files: content });
    await host.seal(made.lv, 'r0', { claim: 'apps/secret' });
    const before = await host.state();
    assert.deepEqual(codesOf(await protect('run1')), ['copy-less-protected']);
    assert.deepEqual(await points(), []);
    const out = await protect('run2', entryWith({ protected: { reason: 'the disk lies in a safe' } }));
    assert.deepEqual([out.failed, out.degraded], [{}, []]);
    assert.equal((await points()).length, 1);
    assert.equal(await host.state(), before);
  });

  it('whose copying ends in a power cut leave no point that is none, and the next run makes one', async () => {
    const made = await host.pve.makeVolume({ filesystem: 'ext4', files: content });
    await host.seal(made.lv, 'r0', { claim: 'apps/state' });
    const begun: Begun[] = [];
    let cut = false;
    const at = async (moment: string) => {
      if (cut || !/reading and writing/.test(moment)) return;
      cut = true;
      await host.powerCut();
    };
    await assert.rejects(protect('run1', entryWith(), { began: (one) => void begun.push(one), at }));
    assert.ok(cut, 'the plug was pulled while files were copied');
    await host.pve.boot();
    await recoverDriven(driven('run1'), begun, begun.length);
    assert.doesNotMatch(await host.state(), /hf_run1_/);
    assert.equal(await host.pve.must('ls -A /mnt/backup/points/claims 2>/dev/null || true'), '');
    await protect('run2');
    assert.equal((await points()).length, 1);
  });
});
