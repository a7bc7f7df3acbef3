// A supervisor and a worker that behaves as it is told to, on a clock that only the test moves.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { planOf, put } from '../../test/engine-world.ts';
import { folderFor } from '../../test/folder.test-support.ts';
import type { Journal, NewRun } from '../contracts/journal.ts';
import { Fault } from '../fault.ts';
import { openJournal } from '../journal/journal.ts';
import type { OwnProcess } from '../machines/own-process.ts';
import { type Duration, hours } from '../values/duration.ts';
import { type Clock, instantAt } from '../values/instant.ts';
import { type FromWorker, send } from './protocol.ts';
import { superviseRun } from './supervise.ts';

/** Sleepers wake when the test says so; the monotonic clock may jump, as it does while a guest is paused. */
function steppedClock() {
  let monotonic = 0;
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    now: () => instantAt(monotonic),
    monotonic: () => monotonic,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  const wake = async (elapsed: number) => {
    monotonic += elapsed;
    const due = [...sleepers];
    sleepers.clear();
    for (const one of due) one();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, wake };
}

function fakeWorker() {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let end: (how: number | string) => void = () => {};
  const ended = new Promise<number | string>((resolve) => {
    end = resolve;
  });
  const dies = (how: number | string) => {
    end(how);
    output.end();
    errors.end();
  };
  const worker: OwnProcess = { pid: 1, input, output, errors, ended, kill: () => dies('SIGKILL') };
  return { worker, dies, says: (message: FromWorker) => send(output, message) };
}

const told = new Fault('interrupted', {
  where: 'holdfast',
  says: 'told to stop',
  remedy: 'again',
  exit: 'interrupted',
});

function desk() {
  const state = folderFor('supervise');
  const { clock, wake } = steppedClock();
  const journal = openJournal(state, clock);
  const started: ReturnType<typeof fakeWorker>[] = [];
  const stop = new AbortController();
  const run: NewRun = {
    ...{ id: 'run-1', job: 'apply', startedBy: 'test', startedAt: clock.now(), supervisor: process.pid },
    ...{ plan: planOf([put('one')]), connections: { pve: [], pbs: [], machines: [], kubernetes: [] } },
    consent: { upTo: 'adds', confirmed: [] },
  };
  const supervise = (over: Partial<Journal> = {}, deadline?: Duration) =>
    superviseRun(
      {
        deadline,
        ...{ clock, state, root: state, signal: stop.signal, tell: () => {}, spilled: () => {} },
        journal: { ...journal, ...over },
        startWorker: () => {
          const one = fakeWorker();
          started.push(one);
          return one.worker;
        },
        recover: async () => [],
      },
      run,
    );
  return { supervise, started, stop, journal, wake };
}

const done = { say: 'ended', verdict: { outcome: 'done', summary: '1 of 1 step done' } } as const;

describe('a supervisor', () => {
  it('that was told to stop before the run began never begins it', async () => {
    const { supervise, started, stop, journal } = desk();
    stop.abort(told);
    await assert.rejects(supervise(), { code: 'interrupted' });
    assert.equal(started.length, 0);
    assert.deepEqual(journal.runs(10), []);
  });

  it('says why the run was aborted: the words of its worker, or how that died (reality 2.1)', async () => {
    for (const [fault, how, summary] of [
      [{ code: 'c', where: 'journal.db', says: 'no room', remedy: 'make some' }, 1, /journal\.db: no room.*make some/],
      [undefined, 'SIGKILL', /its worker died \(SIGKILL\)/],
      [undefined, 'spawn setpriv ENOENT', /its worker died \(spawn setpriv ENOENT\)/],
    ] as const) {
      const { supervise, started, journal } = desk();
      const verdict = supervise();
      if (fault !== undefined) started[0]?.says({ say: 'broken', fault });
      started[0]?.dies(how);
      assert.match((await verdict).summary, summary);
      assert.equal(journal.run('run-1')?.state, 'aborted');
    }
  });

  it('that was paused together with its worker does not take the pause for the death of it', async () => {
    const { supervise, started, wake } = desk();
    const verdict = supervise();
    await wake(3_600_000);
    started[0]?.says(done);
    started[0]?.dies(0);
    assert.equal((await verdict).outcome, 'done');
  });

  it('kills a worker that stays silent, also while the journal cannot be read', async () => {
    const { supervise, started, wake, journal } = desk();
    const unreadable = () => {
      throw new Error('the disk does not answer');
    };
    const verdict = supervise({ cancelRequested: unreadable });
    for (let poll = 0; poll < 29; poll += 1) await wake(1000);
    started[0]?.says({ say: 'alive' });
    await new Promise((resolve) => setImmediate(resolve));
    for (let poll = 0; poll < 29; poll += 1) await wake(1000);
    assert.equal(journal.run('run-1')?.state, 'running', 'it has spoken in between');
    for (let poll = 0; poll < 3; poll += 1) await wake(1000);
    assert.match((await verdict).summary, /its worker died \(SIGKILL\)/);
  });

  it('stops a run at its deadline: what is undone then has failed, and what was done by then is done (reality 2.26)', async () => {
    for (const [outcome, state, summary] of [
      ['interrupted', 'failed', /stopped at its deadline of 1h; 1 of 2 steps done/],
      ['done', 'done', /^1 of 2 steps done$/],
    ] as const) {
      const { supervise, started, wake } = desk();
      const verdict = supervise({}, hours(1));
      const [worker] = started;
      assert.ok(worker !== undefined);
      const heard: string[] = [];
      worker.worker.input.on('data', (chunk) => heard.push(String(chunk)));
      await wake(3_600_000);
      assert.match(heard.join(), /"stop"/);
      worker.says({ say: 'ended', verdict: { outcome, summary: '1 of 2 steps done' } });
      worker.dies(0);
      const ended = await verdict;
      assert.equal(ended.outcome, state);
      assert.match(ended.summary, summary);
    }
  });
});
