import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { steppedClock } from '../../proxmox/clock.test-support.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { instantAt } from '../../values/instant.ts';
import { type BackupJob, backupJobSteps, guestSteps } from './backup-job.ts';
import type { VzdumpGiven } from './vzdump.ts';

const guests = [
  { vmid: 100, node: 'a', pool: 'prod' },
  { vmid: 101, node: 'a' },
  { vmid: 102, node: 'b', pool: 'prod' },
].map((guest) => ({ type: 'qemu', name: `g${guest.vmid}`, status: 'running', template: 0, ...guest }));

const job = (more: Partial<BackupJob> = {}): BackupJob => ({
  ...{ name: 'nightly', select: 'all', storage: 'pbs-tank', mode: 'snapshot', compress: 'zstd' },
  ...more,
});

/** What is given to vzdump, node by node. */
async function started(declared: BackupJob): Promise<readonly VzdumpGiven[]> {
  const [step] = backupJobSteps(declared, ['ruapehu'], instantAt(0));
  const [kind] = guestSteps;
  // Of its figures the node says nothing: what is staged is not the matter here.
  const answers = (path: string) => (path === '/cluster/resources' ? guests : []);
  const api = fakeApi('pve', (_, path) => ({ data: answers(path) }));
  const world = { clock: steppedClock(), server: async () => api };
  const { signal } = new AbortController();
  const done = await kind?.do({ step, world, signal } as unknown as StepContext);
  return done?.expands?.steps.map(({ given }) => given as unknown as VzdumpGiven) ?? [];
}
const selected = async (declared: BackupJob) => (await started(declared)).map(({ node, vmids }) => [node, ...vmids]);

describe('a backup job that is run by hand', () => {
  it('backs up what it selects, node by node', async () => {
    assert.deepEqual(await selected(job()), [
      ['a', 100, 101],
      ['b', 102],
    ]);
    assert.deepEqual(await selected(job({ select: { all_but: [100, 102] } })), [['a', 101]]);
    assert.deepEqual(await selected(job({ select: { guests: [102, 999] } })), [['b', 102]]);
    assert.deepEqual(await selected(job({ select: { pool: 'prod' } })), [
      ['a', 100],
      ['b', 102],
    ]);
  });

  it('keeps to its node, as PVE does', async () => {
    assert.deepEqual(await selected(job({ node: 'b' })), [['b', 102]]);
    await assert.rejects(
      selected(job({ node: 'b', select: { guests: [100] } })),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'nothing-to-back-up',
    );
  });

  it('is done with no option that it does not declare', async () => {
    const [given] = await started(job());
    assert.deepEqual(given?.options, { mode: 'snapshot', compress: 'zstd' });
  });

  it('is done with every option that it declares, in the words of PVE', async () => {
    const [given] = await started(
      job({
        ...{ compress: 'none', zstd_threads: 0, pigz_threads: 2, prune_backups: { keep_last: 3 }, remove: false },
        ...{ protected: true, notes_template: '{{vmid}}', bwlimit: 0, ionice: 8, lockwait: 60, stopwait: 5 },
        ...{ performance: { max_workers: 8 }, fleecing: { storage: 'fast' }, change_detection: 'metadata' },
        ...{ exclude_paths: ['/a b', '/c,d'], stdexcludes: false, notification_mode: 'notification-system' },
        ...{ mailto: ['root', 'anna@home.example'], mailnotification: 'failure' },
      }),
    );
    assert.deepEqual(given?.options, {
      ...{ mode: 'snapshot', compress: '0', zstd: '0', pigz: '2', 'prune-backups': 'keep-last=3', remove: '0' },
      ...{ protected: '1', 'notes-template': '{{vmid}}', bwlimit: '0', ionice: '8', lockwait: '60', stopwait: '5' },
      ...{ performance: 'max-workers=8', fleecing: 'enabled=1,storage=fast', 'pbs-change-detection-mode': 'metadata' },
      ...{ 'exclude-path': ['/a b', '/c,d'], stdexcludes: '0', 'notification-mode': 'notification-system' },
      ...{ mailto: 'root,anna@home.example', mailnotification: 'failure' },
    });
  });
});
