// Each fault by its name, as a client on the wire meets it, and that it is gone once cleared.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Raw, type TestLab, testLab } from './ask.test-support.ts';
import { faultCatalogue, faultNames } from './faults/catalogue.ts';

let lab: TestLab;
const version = (server: 'ruapehu' | 'pbs-pihanga' = 'ruapehu'): Promise<Raw> => lab.ask(server, 'GET', '/version');
const put = (): Promise<Raw> =>
  lab.ask('hikurangi', 'PUT', '/storage/pbs-pihanga', { form: { 'max-protected-backups': 4 } });
const protectedBackups = async (): Promise<unknown> =>
  ((await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga')).json.data as Record<string, unknown>)[
    'max-protected-backups'
  ];

before(async () => {
  lab = await testLab({ taskSeconds: 0 });
});
afterEach(() => lab.lab.clear());
after(() => lab[Symbol.asyncDispose]());

describe('the catalogue of faults', () => {
  it('says in a line what each one means, and refuses a name that is not in it', async () => {
    for (const name of faultNames) assert.match(faultCatalogue[name].means, /^\S.{10,}[^.]$/, name);
    await assert.rejects(async () => lab.lab.fault('ruapehu', 'no-such-fault' as 'down'));
    await assert.rejects(async () => lab.lab.fault('nobody', 'down'));
  });
});

describe('a fault', () => {
  it('down: the port refuses, and answers again once cleared', async () => {
    await lab.lab.fault('ruapehu', 'down');
    await assert.rejects(version(), { code: 'ECONNREFUSED' });
    assert.equal((await version('pbs-pihanga')).status, 200, 'the others go on');
    await lab.lab.clear();
    assert.equal((await version()).status, 200);
  });
  it('reset: the connection is cut, and nothing was carried out', async () => {
    const earlier = await protectedBackups();
    await lab.lab.fault('hikurangi', 'reset', { method: 'PUT' });
    await assert.rejects(put());
    await lab.lab.clear();
    assert.equal(await protectedBackups(), earlier);
  });
  it('slow: it waits as long as told, or for ever', async () => {
    await lab.lab.fault('ruapehu', 'slow', { milliseconds: 30 });
    const began = performance.now();
    assert.equal((await version()).status, 200);
    assert.ok(performance.now() - began >= 25);
    await lab.lab.fault('ruapehu', 'slow');
    const asked = version();
    asked.catch(() => undefined);
    const first = await Promise.race([asked, version('pbs-pihanga').then(() => 'another server was quicker')]);
    assert.equal(first, 'another server was quicker');
  });
  it('html, half-body, huge-body: what comes is not what was asked for', async () => {
    await lab.lab.fault('ruapehu', 'html', { count: 1 });
    const page = await version();
    assert.match(page.headers['content-type'] ?? '', /html/);
    assert.equal((await version()).status, 200, 'it was for one request only');
    await lab.lab.fault('ruapehu', 'half-body', { count: 1 });
    await assert.rejects(version());
    await lab.lab.fault('ruapehu', 'huge-body', { count: 1, bytes: 5_000_000 });
    assert.ok((await version()).text.length >= 5_000_000);
  });
  it('unauthorized, forbidden, error-500, forwarder-596: each in the words of its product', async () => {
    await lab.lab.fault('ruapehu', 'unauthorized', { count: 1 });
    const unauthorized = await version();
    assert.deepEqual([unauthorized.status, unauthorized.text], [401, '']);
    await lab.lab.fault('pbs-pihanga', 'unauthorized', { count: 1 });
    assert.equal((await version('pbs-pihanga')).status, 401);
    await lab.lab.fault('ruapehu', 'forbidden', { count: 1 });
    assert.match((await version()).phrase, /^Permission check failed/);
    await lab.lab.fault('pbs-pihanga', 'forbidden', { count: 1 });
    assert.match((await version('pbs-pihanga')).text, /^permission check failed/);
    await lab.lab.fault('ruapehu', 'error-500', { count: 1 });
    assert.equal((await version()).status, 500);
    await lab.lab.fault('ruapehu', 'forwarder-596', { count: 1 });
    assert.equal((await version()).status, 596);
  });
  it('certificate-changed: another one is shown, until cleared', async () => {
    await lab.lab.fault('ruapehu', 'certificate-changed');
    await assert.rejects(version(), { code: /SELF_SIGNED|DEPTH_ZERO/ });
    await lab.lab.clear();
    assert.equal((await version()).status, 200);
  });
  it('answer-lost: the write is carried out, its answer never comes', async () => {
    await lab.lab.fault('hikurangi', 'answer-lost', { method: 'PUT', path: '^/storage/', count: 1 });
    await assert.rejects(put());
    assert.equal(Number(await protectedBackups()), 4);
    assert.equal(
      lab
        .log()
        .filter(({ method, server }) => method === 'PUT' && server === 'hikurangi')
        .at(-1)?.status,
      200,
    );
  });
  it('lock-timeout and no-quorum: writes are refused and nothing changes, reads go on', async () => {
    for (const [fault, ending] of [
      ['lock-timeout', 'got lock request timeout'],
      ['no-quorum', 'no quorum!'],
    ] as const) {
      await lab.lab.fault('hikurangi', fault);
      const answer = await put();
      assert.deepEqual(
        [answer.status, answer.phrase],
        [500, `update storage failed: cfs-lock 'file-storage_cfg' error: ${ending}`],
      );
      const job = await lab.ask('hikurangi', 'POST', '/cluster/backup', {
        form: { id: 'j1', schedule: 'daily', all: 1, storage: 'local' },
      });
      assert.equal(job.phrase, `cfs-lock 'file-jobs_cfg' error: ${ending}`);
      assert.equal((await lab.ask('hikurangi', 'GET', '/storage')).status, 200);
      await lab.lab.clear();
    }
  });
  it('foreign-change: a digest that was read just now is stale', async () => {
    const read = async () =>
      (await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga')).json.data as { digest: string };
    const { digest } = await read();
    await lab.lab.fault('hikurangi', 'foreign-change', { count: 1 });
    const form = { 'max-protected-backups': 2, digest };
    const stale = await lab.ask('hikurangi', 'PUT', '/storage/pbs-pihanga', { form });
    assert.match(stale.phrase, /detected modified configuration/);
    const again = { ...form, digest: (await read()).digest };
    assert.equal((await lab.ask('hikurangi', 'PUT', '/storage/pbs-pihanga', { form: again })).status, 200);
  });
  it('start-storm: many requests fail at once, and none of them is carried out', async () => {
    await lab.lab.fault('ruapehu', 'start-storm');
    const first = await version();
    assert.equal(first.status, 595);
    await lab.lab.clear();
    assert.equal((await version()).status, 200);
  });
  it('meets only the method and path it is for, and only as often as told', async () => {
    await lab.lab.fault('ruapehu', 'error-500', { method: 'GET', path: '^/storage$', count: 2 });
    const list = async () => (await lab.ask('ruapehu', 'GET', '/storage')).status;
    assert.equal((await version()).status, 200);
    assert.deepEqual([await list(), await list(), await list()], [500, 500, 200]);
  });
});

describe('a task', () => {
  const startBackup = async (): Promise<string> => {
    const answer = await lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form: { all: 1, storage: 'local' } });
    assert.equal(answer.status, 200, answer.text);
    return `/nodes/ruapehu/tasks/${encodeURIComponent(String(answer.json.data))}`;
  };
  const status = async (at: string) =>
    (await lab.ask('ruapehu', 'GET', `${at}/status`)).json.data as { status: string; exitstatus?: string };
  const ended = async (at: string): Promise<string | undefined> => {
    for (;;) {
      const { status: state, exitstatus } = await status(at);
      if (state === 'stopped') return exitstatus;
    }
  };
  it('task-fails: ends with an error, in its state and in its log', async () => {
    await lab.lab.fault('ruapehu', 'task-fails', { count: 1 });
    const at = await startBackup();
    const exit = await ended(at);
    assert.ok(exit !== 'OK' && exit !== undefined);
    const log = (await lab.ask('ruapehu', 'GET', `${at}/log`, { form: { limit: 0 } })).json.data as { t: string }[];
    assert.equal(log.at(-1)?.t, `TASK ERROR: ${exit}`);
    assert.equal(await ended(await startBackup()), 'OK', 'the next one is sound');
  });
  it('task-never-ends: runs until somebody stops it', async () => {
    await lab.lab.fault('ruapehu', 'task-never-ends', { count: 1 });
    const at = await startBackup();
    assert.equal((await status(at)).status, 'running');
    assert.equal((await lab.ask('ruapehu', 'DELETE', at)).status, 200);
    assert.notEqual(await ended(at), 'OK');
  });
});

describe('the control', () => {
  const control = (): string => JSON.parse(readFileSync(join(lab.dir, 'lab.json'), 'utf8')).control;
  const tell = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${control()}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  it('sets and clears faults for other processes', async () => {
    assert.ok((await tell('PUT', '/faults', { server: 'ruapehu', name: 'error-500', count: 9 })).ok);
    assert.equal((await version()).status, 500);
    assert.ok((await tell('DELETE', '/faults')).ok);
    assert.equal((await version()).status, 200);
    assert.equal((await tell('PUT', '/faults', { server: 'ruapehu', name: 'nonsense' })).status, 400);
    assert.equal((await tell('PUT', '/faults', { server: 'nobody', name: 'down' })).status, 400);
    assert.equal((await tell('GET', '/nothing')).status, 404);
  });
  it('shows the state, without a secret in it', async () => {
    const text = await (await tell('GET', '/state')).text();
    assert.match(text, /pbs-pihanga/);
    for (const file of ['ruapehu.token', 'hikurangi.token', 'pbs-pihanga.token', 'storage.token'])
      assert.ok(!text.includes(lab.secret(file)), file);
  });
  it('is a foreign hand: a storage or a prune job changes, and its digest with it', async () => {
    const storage = async () =>
      (await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga')).json.data as Record<string, unknown>;
    const { digest } = await storage();
    const set = { 'prune-backups': 'keep-last=1', disable: 1 };
    assert.ok((await tell('POST', '/change', { server: 'hikurangi', storage: 'pbs-pihanga', set })).ok);
    const changed = await storage();
    assert.deepEqual([changed['prune-backups'], Number(changed['disable'])], ['keep-last=1', 1]);
    assert.notEqual(changed['digest'], digest);
    assert.ok((await tell('POST', '/change', { server: 'hikurangi', storage: 'pbs-pihanga', delete: true })).ok);
    assert.equal((await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga')).status, 500);
    const jobs = async () => (await lab.ask('pbs-pihanga', 'GET', '/config/prune')).json;
    const [job] = (await jobs()).data as { id: string }[];
    const before = (await jobs()).digest;
    assert.ok(
      (await tell('POST', '/change', { server: 'pbs-pihanga', pruneJob: job?.id, set: { 'keep-last': 99 } })).ok,
    );
    assert.notEqual((await jobs()).digest, before);
    assert.equal(((await jobs()).data as Record<string, unknown>[])[0]?.['keep-last'], 99);
    const wrong = { server: 'hikurangi', storage: 'nobody-made-this', set: { disable: 1 } };
    assert.equal((await tell('POST', '/change', wrong)).status, 400);
  });
  it('has no effect from a web page: another host name in the request is refused', async () => {
    const { port } = new URL(control());
    const { get } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/state', headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    assert.equal(status, 403);
  });
});
