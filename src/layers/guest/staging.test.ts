// Two nodes of one cluster: what does not fit on the one is no reason to leave the guests of the other without a backup.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Step } from '../../model/step.ts';
import { steppedClock } from '../../proxmox/clock.test-support.ts';
import { fakeApi, refused } from '../../proxmox/fake-api.test-support.ts';
import { instantAt } from '../../values/instant.ts';
import { type BackupJob, backupJobSteps, guestSteps } from './backup-job.ts';

const gib = 1024 ** 3;
const container = (vmid: number, node: string, status = 'running') => ({
  ...{ vmid, node, status, type: 'lxc', name: `ct${vmid}`, template: 0 },
});

type Setting = Readonly<{ status?: string; mayRead?: boolean }>;

/** Node `a` has 40 GiB free, node `b` 4000; each has a container of 500 GiB on thick LVM. */
function cluster({ status = 'running', mayRead = true }: Setting) {
  const started: string[] = [];
  const root = (node: string) => ({ total: 4000 * gib, used: 0, avail: (node === 'a' ? 40 : 4000) * gib });
  const answer = (path: string): unknown => {
    const [, , node = ''] = path.split('/');
    if (path === '/cluster/resources') return [container(100, 'a', status), container(200, 'b')];
    if (path === '/storage') return [{ storage: 'pbs', type: 'pbs' }];
    if (path.endsWith('/config')) return { rootfs: 'thick:x,size=500G' };
    if (path.endsWith('/storage')) return [{ storage: 'thick', type: 'lvm', active: 1, total: 9, used: 1, avail: 8 }];
    if (path.endsWith('/vzdump/defaults')) return {};
    if (path.endsWith('/tasks')) return [];
    if (!mayRead) throw refused('pve', 403, 'Permission check failed');
    return { rootfs: root(node) };
  };
  const api = fakeApi('pve', (verb, path) => {
    if (verb !== 'get') started.push(path);
    return { data: verb === 'get' ? answer(path) : 'OK' };
  });
  const world = { clock: steppedClock(), server: async () => api };
  const { signal } = new AbortController();
  const contextOf = (step: Step | undefined) =>
    ({ step, world, signal, take: () => {}, log: () => {} }) as unknown as StepContext;
  return { started, contextOf };
}

const [expanding, vzdump] = guestSteps;

async function run(mode: string, setting: Setting = {}) {
  const { started, contextOf } = cluster(setting);
  const job: BackupJob = { name: 'nightly', select: 'all', storage: 'pbs', mode };
  const [step] = backupJobSteps(job, ['lab'], instantAt(0));
  const child = (await expanding?.do(contextOf(step)))?.expands;
  const faults: string[] = [];
  for (const one of child?.steps ?? []) {
    // Where it is started, this cluster says that the guest has moved meanwhile.
    const fault = await vzdump?.do(contextOf(one)).catch((thrown: unknown) => thrown);
    assert.ok(fault instanceof Fault);
    faults.push(`${one.id} ${fault.code} ${fault.says}`);
  }
  return { started, faults, notes: child?.notes.map(({ says }) => says) ?? [] };
}

describe('a backup job that is run', () => {
  it('is refused on the node where a container does not fit, with both sizes, and started on the other', async () => {
    for (const mode of ['snapshot', 'suspend']) {
      const { started, faults, notes } = await run(mode);
      assert.deepEqual(started, ['/nodes/b/vzdump']);
      assert.match(
        faults[0] ?? '',
        /^a staging-too-small ct\/100 .*up to 500 GiB, where 40.0 GiB of 3.91 TiB are free/,
      );
      assert.deepEqual([faults.length, notes], [2, []]);
    }
  });

  it('is started where nothing is copied: in stop mode, and of a container that does not run (control)', async () => {
    for (const one of [await run('stop'), await run('snapshot', { status: 'stopped' })]) {
      assert.deepEqual(one.started, ['/nodes/a/vzdump', '/nodes/b/vzdump']);
      assert.deepEqual(one.notes, []);
    }
  });

  it('is started where the figures may not be read, which is said', async () => {
    const { started, notes } = await run('snapshot', { mayRead: false });
    assert.deepEqual(started, ['/nodes/a/vzdump', '/nodes/b/vzdump']);
    assert.equal(notes.length, 2);
    for (const note of notes) assert.match(note, /^could not be computed: .*Permission check failed/);
  });
});
