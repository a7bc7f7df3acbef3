import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { seconds } from '../values/duration.ts';
import { path, type Verb } from './api.ts';
import { leapingClock, steppedClock } from './clock.test-support.ts';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { limited } from './limited.ts';
import { outcomeUnknown } from './outcome-unknown.ts';
import { readOnly } from './read-only.ts';
import { retrying } from './retrying.ts';

const fault = (code: string) => new Fault(code, { where: 'lab', says: 'broken', remedy: 'wait' });
const lock = refused('pve', 500, "update storage failed: cfs-lock 'file-storage_cfg' error: got lock request timeout");

/** Fails so many times, then answers; says how often it was asked. */
function failing(error: unknown, times: number) {
  let asked = 0;
  const api = fakeApi('pve', () => {
    asked += 1;
    if (asked <= times) throw error;
    return { data: 'answered' };
  });
  return { api, asked: () => asked };
}

const call = (verb: Verb, error: unknown, times = 2) => {
  const server = failing(error, times);
  const clock = leapingClock();
  const answer = retrying(server.api, clock)[verb](path`/storage`);
  return answer.then(
    () => ({ asked: server.asked(), waited: clock.elapsed(), ended: 'answered' }),
    (thrown: unknown) => ({
      asked: server.asked(),
      waited: clock.elapsed(),
      ended: thrown === error ? 'as it was' : thrown,
    }),
  );
};

describe('trying again', () => {
  for (const error of [
    fault('server-unreachable'),
    fault('answer-cut-short'),
    lock,
    refused('pve', 596, 'broken pipe'),
  ])
    it(`brings a read through a passing ${error.code}, with growing pauses`, async () => {
      assert.deepEqual(await call('get', error), { asked: 3, waited: seconds(3), ended: 'answered' });
    });

  it('gives a read up after three attempts, with the fault as it was', async () => {
    assert.deepEqual(await call('get', fault('server-unreachable'), 9).then((end) => end.asked), 3);
    assert.equal((await call('get', lock, 9)).ended, 'as it was');
  });

  for (const error of [
    fault('certificate-changed'),
    fault('server-slow'),
    refused('pve', 403, 'x'),
    refused('pve', 401, ''),
  ])
    it(`does not repeat a read after ${error.code}`, async () => {
      assert.deepEqual(await call('get', error), { asked: 1, waited: 0, ended: 'as it was' });
    });

  for (const verb of ['post', 'put', 'delete'] as const) {
    it(`repeats a ${verb} that never had the lock`, async () => {
      assert.deepEqual(await call(verb, lock), { asked: 3, waited: seconds(3), ended: 'answered' });
    });
    for (const error of [
      fault('server-unreachable'),
      outcomeUnknown('lab', 'x'),
      refused('pve', 500, 'VM is locked (backup)'),
    ])
      it(`never repeats a ${verb} after ${error.code}`, async () => {
        assert.deepEqual(await call(verb, error), { asked: 1, waited: 0, ended: 'as it was' });
      });
  }

  it('ends at once when the caller gives up during a pause', async () => {
    const clock = steppedClock();
    const interrupt = new AbortController();
    const server = failing(fault('server-unreachable'), 9);
    const answer = retrying(server.api, clock).get(path`/storage`, {}, { signal: interrupt.signal });
    await clock.sleepers(1);
    interrupt.abort(new Error('Ctrl-C'));
    await assert.rejects(answer, /Ctrl-C/);
    assert.equal(server.asked(), 1);
  });
});

describe('the limit of one server', () => {
  it('lets so many requests through at once and no more, and loses none', async () => {
    let running = 0;
    let most = 0;
    const api = limited(
      fakeApi('pbs', async (_, at) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { data: at };
      }),
      3,
    );
    const names = Array.from({ length: 20 }, (_, index) => String(index));
    const answers = await Promise.all(names.map((name) => api.get(path`/x/${name}`)));
    assert.deepEqual(
      answers.map((answer) => answer.data),
      names.map((name) => `/x/${name}`),
    );
    assert.equal(most, 3);
  });

  it('does not send what was given up while it waited', async () => {
    const sent: string[] = [];
    const first = Promise.withResolvers<void>();
    const api = limited(
      fakeApi('pbs', async (_, at) => {
        sent.push(at);
        await first.promise;
        return { data: null };
      }),
      1,
    );
    const interrupt = new AbortController();
    const running = api.get(path`/first`);
    const waiting = api.post(path`/second`, {}, { signal: interrupt.signal });
    interrupt.abort(new Error('Ctrl-C'));
    first.resolve();
    await running;
    await assert.rejects(waiting, /Ctrl-C/);
    assert.deepEqual(sent, ['/first']);
  });
});

describe('a rehearsal', () => {
  it('reads, and writes nothing', async () => {
    const sent: string[] = [];
    const api = readOnly(
      fakeApi('pve', (verb) => {
        sent.push(verb);
        return { data: 1 };
      }),
    );
    assert.equal((await api.get(path`/storage`)).data, 1);
    for (const verb of ['post', 'put', 'delete'] as const)
      await assert.rejects(api[verb](path`/storage`), { code: 'write-while-read-only' });
    assert.deepEqual(sent, ['get']);
  });
});
