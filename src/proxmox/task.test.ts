import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { hours, minutes, seconds } from '../values/duration.ts';
import { parseUpid, type Upid } from '../values/upid.ts';
import type { Product } from './api.ts';
import { leapingClock } from './clock.test-support.ts';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { cancelTask, followTask } from './task.ts';

const known = (text: string): Upid => parseUpid(text) ?? assert.fail(`no UPID: ${text}`);
const pveTask = known('UPID:a:00000001:00000002:697D0620:vzdump:100:holdfast@pve!ops:');
const pbsTask = known('UPID:pihanga:00000001:00000002:00000003:697D0620:garbage_collection:tank:holdfast@pbs!ops:');

type World = Readonly<{ log: string[]; state: { exit?: string | undefined } }>;

/** A task on a server; `each` is what has happened there before the server is asked for the n-th time. */
function taskServer(product: Product, each: (poll: number, world: World) => void) {
  const clock = leapingClock();
  const world: World = { log: [], state: {} };
  const cancelled: string[] = [];
  const asked: string[] = [];
  let poll = 0;
  const api = fakeApi(product, (verb, path, params) => {
    asked.push(path);
    if (verb === 'delete') {
      cancelled.push(path);
      return { data: null };
    }
    if (path.endsWith('/status')) {
      poll += 1;
      each(poll, world);
      const { exit } = world.state;
      return { data: exit === undefined ? { status: 'running' } : { status: 'stopped', exitstatus: exit } };
    }
    const start = Number(params.start);
    const skip = product === 'pve' ? start : Math.max(start - 1, 0);
    const lines = world.log.map((t, index) => ({ n: index + 1, t })).slice(skip, skip + Number(params.limit));
    if (product === 'pve' && world.log.length === 0) return { data: [{ n: 1, t: 'no content' }], total: 1 };
    return { data: lines, total: world.log.length };
  });
  return { api, clock, cancelled, asked };
}

const collecting = () => {
  const lines: string[] = [];
  return { lines, hand: (more: readonly string[]) => lines.push(...more) };
};

describe('following a task', () => {
  for (const [product, upid] of [
    ['pve', pveTask],
    ['pbs', pbsTask],
  ] as const)
    it(`on ${product} hands each line of its log once, in order, to the end`, async () => {
      const { api, clock, asked } = taskServer(product, (poll, { log, state }) => {
        if (poll === 1) return;
        for (let line = 0; line < 700; line += 1) log.push(`line ${log.length + 1}`);
        if (poll === 4) state.exit = 'OK';
      });
      const { lines, hand } = collecting();
      assert.deepEqual(await followTask(api, upid, { clock, lines: hand }), { ended: 'ok', warnings: 0 });
      assert.deepEqual(
        lines,
        Array.from({ length: 2100 }, (_, index) => `line ${index + 1}`),
      );
      assert.ok(
        asked.every((path) =>
          path.startsWith(product === 'pve' ? '/nodes/a/tasks/UPID:a:' : '/nodes/localhost/tasks/UPID:pihanga:'),
        ),
      );
    });

  for (const [exit, expected] of [
    ['OK', { ended: 'ok', warnings: 0 }],
    ['WARNINGS: 3', { ended: 'ok', warnings: 3 }],
    ['unexpected status', { ended: 'unknown', says: 'unexpected status', lastLines: ['last'] }],
    ['unknown', { ended: 'unknown', says: 'unknown', lastLines: ['last'] }],
    ['', { ended: 'unknown', says: 'unknown', lastLines: ['last'] }],
    ['job errors', { ended: 'failed', says: 'job errors', lastLines: ['last'] }],
    ['OK, or so it says', { ended: 'failed', says: 'OK, or so it says', lastLines: ['last'] }],
    ['WARNINGS: many', { ended: 'failed', says: 'WARNINGS: many', lastLines: ['last'] }],
  ] as const)
    it(`calls the state "${exit}" ${expected.ended}`, async () => {
      const { api, clock } = taskServer('pve', (_, { log, state }) => {
        log.splice(0, 1, 'last');
        state.exit = exit;
      });
      assert.deepEqual(await followTask(api, pveTask, { clock }), expected);
    });

  it('keeps the last lines of a failed task, without control characters', async () => {
    const { api, clock } = taskServer('pve', (_, { log, state }) => {
      for (let line = 1; line <= 99; line += 1) log.push(`line ${line}`);
      log.push('\u001b[31mTASK ERROR: no space');
      state.exit = 'no space';
    });
    const end = await followTask(api, pveTask, { clock });
    assert.ok(end.ended === 'failed');
    assert.equal(end.lastLines.length, 20);
    assert.equal(end.lastLines.at(-1), '\\u001b[31mTASK ERROR: no space');
  });

  it('waits for hours as long as the log grows', async () => {
    const { api, clock } = taskServer('pve', (poll, { log, state }) => {
      if (poll % 400 === 0) log.push(`still ${poll}`);
      if (poll > 20_000) state.exit = 'OK';
    });
    assert.equal((await followTask(api, pveTask, { clock })).ended, 'ok');
    assert.ok(clock.elapsed() > hours(10));
  });

  it('gives it up when nothing moves for a quarter of an hour, and says the last line', async () => {
    const { api, clock } = taskServer('pve', (poll, { log }) => {
      if (poll === 5) log.push('INFO: waiting for a dead storage');
    });
    await assert.rejects(followTask(api, pveTask, { clock }), {
      code: 'task-stalled',
      message: /15m.*waiting for a dead storage/,
    });
    assert.ok(clock.elapsed() >= minutes(15) && clock.elapsed() < minutes(16));
  });

  it('tolerates that a new task is not yet known, but not for long', async () => {
    const unknown = refused('pve', 400, 'no such task');
    const late = taskServer('pve', (poll, { state }) => {
      if (poll <= 3) throw unknown;
      state.exit = 'OK';
    });
    assert.equal((await followTask(late.api, pveTask, { clock: late.clock })).ended, 'ok');
    const never = taskServer('pve', () => {
      throw unknown;
    });
    await assert.rejects(followTask(never.api, pveTask, { clock: never.clock }), { code: 'outcome-unknown' });
    assert.ok(never.clock.elapsed() <= seconds(10));
  });

  it('rides out a server that is away for a while', async () => {
    const away = new Fault('server-unreachable', { where: 'lab', says: 'restarting', remedy: 'wait' });
    const { api, clock } = taskServer('pbs', (poll, { log, state }) => {
      log.push(`line ${poll}`);
      if (poll > 3 && poll < 200) throw away;
      if (poll === 210) state.exit = 'OK';
    });
    const { lines, hand } = collecting();
    assert.equal((await followTask(api, pbsTask, { clock, lines: hand })).ended, 'ok');
    assert.equal(lines.length, 210);
  });

  it('leaves it in doubt when the server stays away', async () => {
    const away = new Fault('server-unreachable', { where: 'lab', says: 'nothing listens there', remedy: 'wait' });
    const { api, clock } = taskServer('pve', (poll) => {
      if (poll > 3) throw away;
    });
    await assert.rejects(followTask(api, pveTask, { clock }), {
      code: 'outcome-unknown',
      message: /nothing listens there/,
    });
  });

  it('does not ride out what will not pass', async () => {
    const { api, clock } = taskServer('pve', (poll) => {
      if (poll > 1) throw refused('pve', 401, 'Authentication failed!');
    });
    await assert.rejects(followTask(api, pveTask, { clock }), { code: 'credentials-refused' });
    assert.ok(clock.elapsed() < seconds(5));
  });

  it('ends when the caller does, and cancels only when told to', async () => {
    const interrupt = new AbortController();
    const { api, clock, cancelled } = taskServer('pve', (poll) => {
      if (poll === 3) interrupt.abort(new Error('Ctrl-C'));
    });
    await assert.rejects(followTask(api, pveTask, { clock, signal: interrupt.signal }), /Ctrl-C/);
    assert.deepEqual(cancelled, []);
    await cancelTask(api, pveTask);
    assert.deepEqual(cancelled, [`/nodes/a/tasks/${pveTask.text}`]);
  });

  it('is not kept for ever by a log that never ends', async () => {
    let page = 0;
    const clock = leapingClock();
    const api = fakeApi('pve', (_, path) => {
      if (path.endsWith('/status'))
        return { data: page > 250 ? { status: 'stopped', exitstatus: 'OK' } : { status: 'running' } };
      page += 1;
      return {
        data: Array.from({ length: 500 }, (_, index) => ({
          n: page * 500 + index,
          t: index === 0 ? 'x'.repeat(9000) : 'x',
        })),
      };
    });
    let longest = 0;
    const lines = (more: readonly string[]) => {
      longest = Math.max(longest, ...more.map((line) => line.length));
    };
    assert.equal((await followTask(api, pveTask, { clock, lines })).ended, 'ok');
    assert.ok(longest < 4200);
  });
});
