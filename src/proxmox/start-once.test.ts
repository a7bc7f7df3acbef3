import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Duration, hours, milliseconds, minutes, seconds } from '../values/duration.ts';
import { after, epochSeconds } from '../values/instant.ts';
import type { Answer, Params } from './api.ts';
import { leapingClock } from './clock.test-support.ts';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { outcomeUnknown } from './outcome-unknown.ts';
import { startBackup } from './pve.ts';
import { findTask, type Sought, startOnce } from './start-once.ts';

type Start = Readonly<{ user?: string; type?: string; id?: string }>;
type Given = Readonly<{
  /** how far the server's clock is ahead of ours */
  ahead?: Duration;
  /** the start is done, and its answer is lost */
  loses?: boolean;
  /** it takes the server so long until the task is in its list */
  slow?: Duration;
}>;

/** A PVE node with a list of tasks, each of which has a start time by the server's own clock. */
function node({ ahead = milliseconds(0), loses = false, slow = milliseconds(0) }: Given = {}) {
  const clock = leapingClock();
  const serverNow = () => after(clock.now(), ahead);
  const tasks: { upid: string; visible: number }[] = [];
  let starts = 0;
  const begin = ({ user = 'holdfast@pve!ops', type = 'vzdump', id = '100' }: Start, delay = milliseconds(0)) => {
    const start = epochSeconds(after(serverNow(), delay)).toString(16).toUpperCase().padStart(8, '0');
    const pid = (tasks.length + 1).toString(16).toUpperCase().padStart(8, '0');
    const upid = `UPID:a:${pid}:00000002:${start}:${type}:${id}:${user}:`;
    tasks.push({ upid, visible: clock.monotonic() + delay });
    return upid;
  };
  const list = (params: Params) =>
    tasks.filter(({ upid, visible }) => {
      const since = Number.parseInt(upid.split(':')[4] ?? '', 16);
      return visible <= clock.monotonic() && since >= Number(params.since) && upid.includes(String(params.userfilter));
    });
  const api = fakeApi('pve', (verb, path, params): Answer => {
    const at = serverNow();
    if (path === '/version') return { data: { version: '9.1.2' }, at };
    if (verb === 'get') {
      if (params.source !== 'all') return { data: [] };
      return { data: list(params).map(({ upid }) => ({ upid, status: 'RUNNING' })), at };
    }
    starts += 1;
    const vmids = String(params.vmid).split(',');
    const upid = begin({ id: vmids.length === 1 ? (vmids[0] ?? '') : '' }, slow);
    if (loses) throw outcomeUnknown('lab', new Error('socket hang up'));
    return { data: upid };
  });
  const sought = (more: Partial<Sought> = {}): Sought => ({
    ...{ node: 'a', type: 'vzdump', user: 'holdfast@pve!ops', vmids: [100], since: clock.now() },
    ...more,
  });
  return { api, clock, begin, sought, tasks, starts: () => starts };
}

type Node = ReturnType<typeof node>;
const start = (server: Node, sought: Sought, vmids = [100]) =>
  startOnce(server.api, sought, server.clock, () => startBackup(server.api, 'a', vmids));

describe('a start whose answer came', () => {
  it('gives its task', async () => {
    const server = node();
    const began = await start(server, server.sought());
    assert.ok('upid' in began);
    assert.deepEqual([began.upid.text, began.adopted], [server.tasks[0]?.upid, false]);
  });

  it('that was refused is refused', async () => {
    const server = node();
    const refusal = refused('pve', 403, 'Permission check failed (/vms/100, VM.Backup)');
    await assert.rejects(
      startOnce(server.api, server.sought(), server.clock, () => Promise.reject(refusal)),
      refusal,
    );
  });

  it('with nothing to do says so', async () => {
    const server = node();
    const nothing = { nothingToDo: true } as const;
    assert.deepEqual(await startOnce(server.api, server.sought(), server.clock, async () => nothing), nothing);
  });
});

describe('a start whose answer was lost', () => {
  for (const [what, given] of Object.entries({
    'at once': {},
    'although it was slow to appear': { slow: seconds(20) },
    'although the clock of the server is two hours ahead': { ahead: hours(2) },
    'although the clock of the server is two hours behind': { ahead: hours(-2) },
  }))
    it(`is found among the tasks and not started again, ${what}`, async () => {
      const server = node({ ...given, loses: true });
      const began = await start(server, server.sought());
      assert.ok('upid' in began);
      assert.deepEqual([began.upid.text, began.adopted], [server.tasks[0]?.upid, true]);
      assert.equal(server.starts(), 1);
      assert.equal(server.tasks.length, 1);
    });

  it('is found by its guests: a task of several names none', async () => {
    const server = node({ loses: true });
    const began = await start(server, server.sought({ vmids: [100, 101] }), [100, 101]);
    assert.ok('upid' in began && began.adopted);
  });

  it('is not mistaken for an earlier task, another login, another guest, another type or another run', async () => {
    const server = node();
    server.begin({});
    await server.clock.sleep(minutes(1));
    const sought = server.sought();
    server.begin({ user: 'root@pam' });
    server.begin({ user: 'holdfast@pve!ops2' });
    server.begin({ id: '101' });
    server.begin({ type: 'qmrestore' });
    const others = [server.begin({})];
    assert.deepEqual(await findTask(server.api, { ...sought, others }, server.clock), { kind: 'none' });
    const found = await findTask(server.api, sought, server.clock);
    assert.ok(found.kind === 'found' && found.upid.text === others[0]);
  });

  it('that nobody can find stays in doubt, and is still not started again', async () => {
    const server = node();
    let asked = 0;
    const lost = startOnce(server.api, server.sought(), server.clock, async () => {
      asked += 1;
      throw outcomeUnknown('lab', new Error('socket hang up'));
    });
    await assert.rejects(lost, { code: 'outcome-unknown', message: /no task of holdfast@pve!ops that fits/ });
    assert.equal(asked, 1);
    assert.ok(server.clock.elapsed() >= minutes(1));
  });

  it('that two tasks could be stays in doubt, with both named', async () => {
    const server = node({ loses: true });
    const sought = server.sought();
    const second = server.begin({});
    await assert.rejects(
      start(server, sought),
      (error: Error) => error.message.includes(second) && /2 tasks/.test(error.message),
    );
  });

  it('stays in doubt where the search is interrupted', async () => {
    const server = node({ loses: true });
    const signal = AbortSignal.abort();
    const lost = startOnce(server.api, server.sought(), server.clock, () => startBackup(server.api, 'a', [100]), {
      signal,
    });
    await assert.rejects(lost, { code: 'outcome-unknown' });
  });
});

describe('a task of PBS', () => {
  it('is found by its id as PBS writes it, not as it stands in the UPID', async () => {
    const upid = 'UPID:pihanga:00000001:00000002:00000003:697D0620:verificationjob:tank\\x3anightly:holdfast@pbs!ops:';
    const clock = leapingClock();
    const api = fakeApi('pbs', (_, path) =>
      path === '/version'
        ? { data: { version: '4.2', release: '3' }, at: clock.now() }
        : {
            data:
              path === '/nodes/localhost/tasks'
                ? [{ upid, worker_type: 'verificationjob', worker_id: 'tank:nightly' }]
                : [],
          },
    );
    const sought = { node: 'pihanga', type: 'verificationjob', user: 'holdfast@pbs!ops', since: clock.now() };
    // 697D0620 is 2026-01-30: before that clock's beginning, so another start than the one sought.
    assert.equal((await findTask(api, { ...sought, id: 'tank:nightly' }, clock)).kind, 'none');
    const since = after(clock.now(), hours(-24));
    assert.equal((await findTask(api, { ...sought, since, id: 'tank:nightly' }, clock)).kind, 'found');
    assert.equal((await findTask(api, { ...sought, since, id: 'tank:weekly' }, clock)).kind, 'none');
  });
});
