// How PBS answers (facts: pbs-api sections 1, 3, 5): errors are plain text that calls itself JSON, digests are of a whole file.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Asking, type Form, type Raw, type TestLab, testLab } from './ask.test-support.ts';

let lab: TestLab;
const ask = (method: string, path: string, form?: Form, asking: Asking = {}): Promise<Raw> =>
  lab.ask('pbs-pihanga', method, path, { ...asking, ...(form === undefined ? {} : { form }) });
type Job = Record<string, unknown>;
const job = async (id: string): Promise<Job> => (await ask('GET', `/config/prune/${id}`)).json.data as Job;

function refused(answer: Raw, status: number, text: RegExp | string): void {
  assert.equal(answer.status, status, answer.text);
  if (typeof text === 'string') assert.equal(answer.text.trim(), text);
  else assert.match(answer.text, text);
  assert.match(answer.headers['content-type'] ?? '', /json/, 'it calls itself JSON');
  assert.deepEqual(answer.json, {}, 'and is none');
}

before(async () => {
  lab = await testLab();
});
after(() => lab[Symbol.asyncDispose]());

describe('PBS', () => {
  it('says who it is to anybody who logs in, and answers a ping to all', async () => {
    assert.deepEqual((await ask('GET', '/ping', undefined, { login: null })).json, { data: { pong: true } });
    const { data } = (await ask('GET', '/version')).json as { data: Record<string, string> };
    assert.deepEqual([data['version'], data['release']], ['4.2', '3']);
    refused(await ask('GET', '/version', undefined, { login: null }), 401, 'authentication failed');
    const wrong = 'holdfast@pbs!ops:00000000-0000-0000-0000-000000000000';
    refused(await ask('GET', '/version', undefined, { login: wrong }), 401, 'authentication failed');
    const asPve = `holdfast@pbs!ops=${lab.secret('pbs-pihanga.token')}`;
    assert.equal((await ask('GET', '/version', undefined, { login: asPve })).status, 401, '`=` is how PVE writes it');
  });

  it('has unknown paths as 404, and unknown ids as 400', async () => {
    assert.equal((await ask('GET', '/config/nothing')).status, 404);
    refused(await ask('GET', '/config/datastore/nope'), 400, /no such datastore|does not exist/);
    refused(await ask('GET', '/config/prune/nope'), 400, /no such prune job 'nope'|does not exist/);
    refused(await ask('DELETE', '/config/prune/nope'), 400, /does not exist|no such/);
  });

  it('names each parameter that it refuses', async () => {
    refused(
      await ask('POST', '/config/prune', { id: 'job-a', store: 'tank' }),
      400,
      /parameter verification failed.*'schedule'/s,
    );
    const bogus = await ask('POST', '/config/prune', { id: 'job-a', store: 'tank', schedule: 'daily', bogus: 1 });
    refused(bogus, 400, /^parameter verification failed - 'bogus': /);
    const zero = await ask('POST', '/config/prune', { id: 'job-a', store: 'tank', schedule: 'daily', 'keep-daily': 0 });
    refused(zero, 400, /^parameter verification failed - 'keep-daily': /);
    const two = await ask('POST', '/config/prune', { id: 'job-a', store: 'tank', schedule: 'never at all', bogus: 1 });
    refused(two, 400, /^parameter verification failed/);
    refused(await ask('POST', '/config/prune', { id: 'a', store: 'tank', schedule: 'daily' }), 400, /'id'/);
  });

  it('makes, changes and removes a prune job, bound to the digest of its file', async () => {
    const made = await ask('POST', '/config/prune', {
      id: 'job-b',
      store: 'tank',
      schedule: 'daily',
      'keep-daily': 7,
      'keep-last': 2,
      comment: 'kept',
    });
    assert.deepEqual([made.status, made.json.data], [200, null]);
    assert.deepEqual(await job('job-b'), {
      id: 'job-b',
      store: 'tank',
      schedule: 'daily',
      'keep-daily': 7,
      'keep-last': 2,
      comment: 'kept',
    });
    refused(
      await ask('POST', '/config/prune', { id: 'job-b', store: 'tank', schedule: 'daily' }),
      400,
      /already exists/,
    );
    const { digest } = (await ask('GET', '/config/prune')).json;
    assert.match(digest ?? '', /^[0-9a-f]{64}$/);
    assert.equal((await ask('GET', '/config/prune/job-b')).json.digest, digest, 'it is that of the whole file');
    const stale = { 'keep-daily': 9, digest: '0'.repeat(64) };
    refused(
      await ask('PUT', '/config/prune/job-b', stale),
      400,
      'detected modified configuration - file changed by other user? Try again.',
    );
    const changed = { 'keep-daily': 9, delete: ['keep-last', 'comment'], digest: digest ?? '' };
    assert.equal((await ask('PUT', '/config/prune/job-b', changed)).status, 200);
    assert.deepEqual(await job('job-b'), { id: 'job-b', store: 'tank', schedule: 'daily', 'keep-daily': 9 });
    refused(
      await ask('PUT', '/config/prune/job-b', { 'keep-daily': 3, digest: digest ?? '' }),
      400,
      /detected modified/,
    );
    refused(await ask('PUT', '/config/prune/job-b', { delete: 'schedule' }), 400, /'delete'/);
    const now = (await ask('GET', '/config/prune')).json.digest ?? '';
    refused(await ask('DELETE', '/config/prune/job-b', { digest: '1'.repeat(64) }), 400, /detected modified/);
    assert.equal((await ask('DELETE', '/config/prune/job-b', { digest: now })).status, 200);
    refused(await ask('GET', '/config/prune/job-b'), 400, /./);
  });

  it('takes JSON, with booleans as they are, and ignores the query then', async () => {
    const made = await ask('POST', '/config/prune?bogus=1', undefined, {
      json: { id: 'job-c', store: 'tank', schedule: 'daily', disable: true, 'keep-last': 1 },
    });
    assert.equal(made.status, 200, made.text);
    assert.equal((await job('job-c'))['disable'], true);
    const changed = await ask('PUT', '/config/prune/job-c', undefined, { json: { delete: ['disable'] } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal((await job('job-c'))['disable'], undefined);
  });

  it('runs a prune job as a task, and takes away what its policy does not keep', async () => {
    const snapshots = async () => ((await ask('GET', '/admin/datastore/tank/snapshots')).json.data as unknown[]).length;
    const before = await snapshots();
    await ask('POST', '/config/prune', { id: 'job-d', store: 'tank', schedule: 'daily', 'keep-last': 1 });
    const quick = await testLab({ taskSeconds: 0 });
    try {
      const made = { id: 'job-d', store: 'tank', schedule: 'daily', 'keep-last': 1 };
      assert.equal((await quick.ask('pbs-pihanga', 'POST', '/config/prune', { form: made })).status, 200);
      const started = await quick.ask('pbs-pihanga', 'POST', '/admin/prune/job-d/run');
      const upid = String(started.json.data);
      assert.match(upid, /^UPID:[^:]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8,16}:[0-9A-F]{8}:prunejob:tank[^:]*:[^:]+:$/);
      const at = `/nodes/localhost/tasks/${encodeURIComponent(upid)}`;
      let status: Job = {};
      do status = (await quick.ask('pbs-pihanga', 'GET', `${at}/status`)).json.data as Job;
      while (status['status'] === 'running');
      assert.equal(status['exitstatus'], 'OK');
      const log = (await quick.ask('pbs-pihanga', 'GET', `${at}/log`)).json.data as { n: number; t: string }[];
      assert.match(log.at(-1)?.t ?? '', /^\d{4}-\d\d-\d\dT\S+: TASK OK$/);
      const groups = (await quick.ask('pbs-pihanga', 'GET', '/admin/datastore/tank/groups')).json.data as Job[];
      const left = (await quick.ask('pbs-pihanga', 'GET', '/admin/datastore/tank/snapshots')).json.data as Job[];
      assert.ok(left.length < before, `${left.length} of ${before}`);
      const kept = left.filter((snapshot) => snapshot['protected'] !== true);
      assert.ok(kept.length <= groups.length);
    } finally {
      await quick[Symbol.asyncDispose]();
    }
    assert.equal(await snapshots(), before, 'the other lab has its own');
  });

  it('gives a ticket that is good with its cookie, and on writes with its second token', async () => {
    const login = (password: string) =>
      ask('POST', '/access/ticket', { username: 'holdfast@pbs', password }, { login: null });
    refused(await login('no'), 401, /permission check failed/);
    const made = (await login(lab.secret('pbs-pihanga.token'))).json.data as Record<string, string>;
    assert.equal(made['username'], 'holdfast@pbs');
    const cookie = `PBSAuthCookie=${encodeURIComponent(made['ticket'] ?? '')}`;
    const run = (headers: Readonly<Record<string, string>>) =>
      ask('POST', '/config/prune', { id: 'job-e', store: 'tank', schedule: 'daily' }, { login: null, headers });
    assert.equal((await ask('GET', '/version', undefined, { login: null, headers: { cookie } })).status, 200);
    refused(await run({ cookie }), 401, 'authentication failed');
    assert.equal((await run({ cookie, csrfpreventiontoken: made['CSRFPreventionToken'] ?? '' })).status, 200);
    assert.equal((await job('job-e'))['id'], 'job-e');
    const renewed = (await login(made['ticket'] ?? '')).json.data as Record<string, string>;
    assert.match(renewed['ticket'] ?? '', /^PBS:holdfast@pbs:/, 'a ticket is as good as the password');
  });
});
