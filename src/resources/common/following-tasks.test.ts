import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceKind } from '../../contracts/resource.ts';
import type { Progress, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { type Answer, path } from '../../proxmox/api.ts';
import { leapingClock } from '../../proxmox/clock.test-support.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { outcomeUnknown } from '../../proxmox/outcome-unknown.ts';
import { epochSeconds } from '../../values/instant.ts';
import { ref } from '../../values/ref.ts';
import { followingTasks } from './following-tasks.ts';

type Given = Readonly<{ ends?: string; loses?: boolean; kind?: string }>;

/** A PBS whose task runs for three looks at it, and a step that writes there as the resources do. */
function stage({ ends = 'OK', loses = false, kind = 'create-datastore' }: Given = {}) {
  const clock = leapingClock();
  const lines = ['Chunkstore create: 10%', 'Chunkstore create: 60%', 'almost there'];
  const tasks: { upid: string; looks: number }[] = [];
  const api = fakeApi('pbs', (verb, at, params): Answer => {
    if (at === '/version') return { data: { version: '4.2' }, at: clock.now() };
    if (verb === 'post') {
      const begun = epochSeconds(clock.now()).toString(16).toUpperCase().padStart(8, '0');
      tasks.push({ upid: `UPID:p:00000001:00000002:00000003:${begun}:${kind}:tank:${api.identity}:`, looks: 0 });
      if (loses) throw outcomeUnknown('lab', new Error('socket hang up'));
      return { data: tasks.at(-1)?.upid };
    }
    if (verb === 'put') return { data: null };
    const [task] = tasks;
    if (at.endsWith('/tasks')) return { data: tasks.map(({ upid }) => ({ upid, worker_id: 'tank' })) };
    if (task === undefined) throw new Error(`nothing runs: ${at}`);
    if (at.endsWith('/log'))
      return {
        data: lines.slice(0, task.looks).flatMap((t, n) => (n + 1 >= Number(params.start) ? { n: n + 1, t } : [])),
      };
    task.looks += 1;
    return { data: task.looks < 3 ? { status: 'running' } : { status: 'stopped', exitstatus: ends } };
  });
  const seen: (string | Progress)[] = [];
  const write: StepKind = {
    name: 'store.create',
    observe: async () => 'absent',
    do: async ({ world }) => {
      await (await world.server('p', 'configure')).post(path`/config/datastore`, { name: 'tank' });
      return { result: tasks[0]?.looks ?? 0 };
    },
    probe: async () => ({ answer: 'cannot tell', evidence: '' }),
  };
  const resource = { name: 'store', stepKinds: [write] } as unknown as ResourceKind;
  const [step] = followingTasks(resource, { post: 'create-datastore', delete: 'delete-datastore' }).stepKinds;
  const context = {
    step: { subject: ref('pbs-datastore', 'p', 'tank') },
    world: { clock, server: async () => api },
    signal: new AbortController().signal,
    log: (line: string) => seen.push(line),
    progress: (progress: Progress) => seen.push(progress),
  } as unknown as StepContext;
  return { run: () => step?.do(context), seen, tasks };
}

describe('a write that a PBS answers with a task', () => {
  it('is done when the task is, and shows what it says and how far it is', async () => {
    const { run, seen } = stage();
    assert.equal((await run())?.result, 3, 'the task had ended');
    const percent = (done: number) => ({ done, total: 100, unit: 'items', what: 'percent' });
    assert.deepEqual(seen, [
      'Chunkstore create: 10%',
      percent(10),
      'Chunkstore create: 60%',
      percent(60),
      'almost there',
    ]);
  });

  it('fails in the words of the task', async () => {
    await assert.rejects(async () => stage({ ends: 'unable to create chunk store: No space left' }).run(), {
      code: 'task-failed',
      says: /^unable to create chunk store: No space left \| .*almost there$/,
    });
  });

  it('is in doubt where the task died without a word', async () => {
    await assert.rejects(async () => stage({ ends: 'unknown' }).run(), { code: 'outcome-unknown' });
  });

  it('is found by its task where its answer was lost, and sent once', async () => {
    const { run, tasks } = stage({ loses: true });
    assert.equal((await run())?.result, 3);
    assert.equal(tasks.length, 1);
  });

  it("is in doubt where its answer was lost and only another's task runs (control)", async () => {
    await assert.rejects(async () => stage({ loses: true, kind: 'garbage_collection' }).run(), {
      code: 'outcome-unknown',
    });
  });
});
