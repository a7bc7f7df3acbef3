// Databases in the snapshots of volumes on the tests' PVE host: several volumes of which one is bad, encrypted ones, a power cut.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { unlessMachine } from '../../../test/pve-machine/pve-machine.test-support.ts';
import { sweep } from '../../../test/sweep.test-support.ts';
import type { LayerContext } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { LayerEntry } from '../../model/estate.ts';
import type { RunId } from '../../model/run.ts';
import { instantAt, systemClock } from '../../values/instant.ts';
import { type Begun, codesOf, type Driven, drive, type Outcome, recoverDriven } from '../common/driver.test-support.ts';
import { unlessSqlite, withLog } from '../common/sqlite/databases.test-support.ts';
import { type Pve, startPve } from '../common/volume/pve.test-support.ts';
import { sqlite } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type SqliteEntry, sqliteEntry } from './schema.ts';

const snapshots: LayerEntry & { luks_keys: unknown } = {
  ...{ name: 'snapshots', kind: 'lvm-thin', machine: 'pve', workload: 'volumes', keep: {} },
  luks_keys: [{ file: '/keys/right' }],
};
const entryWith = (more: Record<string, unknown> = {}): SqliteEntry =>
  sqliteEntry.parse({
    ...{ name: 'databases', kind: 'sqlite', machine: 'pve', workload: 'volumes', from: { snapshots_of: 'snapshots' } },
    ...{ to: '/mnt/backup/points', mounted_at: '/mnt/backup', keep: { keep_last: 2 }, ...more },
  });

const unlessSweep = sweep ? false : 'three minutes on an emulated machine: `npm run proof:layers` does it';

describe('databases of volumes', { skip: unlessMachine || unlessSqlite || unlessSweep, timeout: 3_000_000 }, () => {
  let host: Pve;
  let files: Readonly<Record<string, Uint8Array>>;
  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-volume-'));
    withLog(join(folder, 'state.dat'), 1, 500);
    files = Object.fromEntries(
      ['', '-wal'].map((suffix) => [
        `one/two/three/four/five/six/state.dat${suffix}`,
        readFileSync(join(folder, `state.dat${suffix}`)),
      ]),
    );
    rmSync(folder, { recursive: true });
    host = await startPve();
    host.keys.set('/keys/right', 'the right key');
  });
  after(async () => await host?.stop());
  beforeEach(async () => {
    await host.pve.volumes.reset();
    await host.pve.must('rm -rf /mnt/backup/points');
  });

  const context: LayerContext = { timeZone: 'UTC', now: systemClock.now(), layers: [snapshots] };
  const driven = (run: string, more: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world: host.world(), taken: '/run/holdfast', ...more },
  });
  const protect = (run: string, entry = entryWith(), more: Partial<Driven> = {}): Promise<Outcome> =>
    drive(driven(run, more), planProtect(entry, context).steps, 'keep');
  const points = (world: World) => sqlite.points(entryWith(), world);

  it('are copied with what stands only in their logs, the bad volume fails by its name, and snapshots stay as they are', async () => {
    const good = await host.pve.makeVolume({ filesystem: 'ext4', files });
    const locked = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'a key that nobody declared' });
    const empty = await host.pve.makeVolume({ filesystem: 'ext4' });
    const { lv } = await host.seal(good.lv, 'r0', { claim: 'apps/state' });
    await host.seal(locked.lv, 'r0', { claim: 'apps/locked' });
    await host.seal(empty.lv, 'r0', { claim: 'apps/empty' });
    const old = await host.pve.makeVolume({ filesystem: 'ext4' });
    await host.seal(old.lv, 'r0', { claim: 'apps/old', taken: instantAt(Date.now() - 3 * 86_400_000) });
    const [before, sum] = [await host.state(), await host.sum(lv)];
    const out = await protect('run1');
    assert.deepEqual([...codesOf(out)].sort(), ['luks-key-wrong', 'snapshot-stale']);
    assert.match(out.notes.map(({ says }) => says).join('\n'), /apps\/locked: none of 1 declared key opens/);
    const [point, ...others] = await points(host.world());
    assert.ok(point !== undefined && others.length === 0);
    assert.equal(point.manifest.workload, 'apps/state');
    assert.deepEqual([await host.state(), await host.sum(lv)], [before, sum]);
    await drive(
      driven('run2'),
      planRestore(entryWith(), { point, target: '/mnt/backup/back' }, context).steps,
      'lead back',
    );
    const back = '/mnt/backup/back/one/two/three/four/five/six/state.dat';
    assert.equal(await host.pve.must(`sqlite3 ${back} 'SELECT count(*) FROM notes'; rm -r /mnt/backup/back`), '501');
  });

  it('of an encrypted volume are not copied to a disk in the clear, and are where the estate says what protects it (reality L14)', async () => {
    const made = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'the right key', files });
    await host.seal(made.lv, 'r0', { claim: 'apps/secret' });
    const before = await host.state();
    assert.deepEqual(codesOf(await protect('run1')), ['copy-less-protected']);
    assert.deepEqual(await points(host.world()), []);
    const out = await protect('run2', entryWith({ protected: { reason: 'the disk lies in a safe' } }));
    assert.deepEqual([out.failed, out.degraded], [{}, []]);
    assert.equal((await points(host.world())).length, 1);
    assert.equal(await host.state(), before);
  });

  it('whose copying ends in a power cut leave no point that is none, and the next run makes one', async () => {
    const made = await host.pve.makeVolume({ filesystem: 'ext4', files });
    await host.seal(made.lv, 'r0', { claim: 'apps/state' });
    const begun: Begun[] = [];
    let cut = false;
    const at = async (moment: string) => {
      if (cut || !/copying and checking/.test(moment)) return;
      cut = true;
      await host.powerCut();
    };
    await assert.rejects(protect('run1', entryWith(), { began: (one) => void begun.push(one), at }));
    assert.ok(cut, 'the plug was pulled while a database was copied');
    await host.pve.boot();
    await recoverDriven(driven('run1'), begun, begun.length);
    assert.doesNotMatch(await host.state(), /hf_run1_/);
    assert.equal(await host.pve.must('ls -A /mnt/backup/points/databases 2>/dev/null || true'), '');
    await protect('run2');
    assert.equal((await points(host.world())).length, 1);
  });
});
