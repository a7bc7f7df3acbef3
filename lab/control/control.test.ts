// The door for other processes: what it takes, and that it says why it takes something not.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type TestLab, testLab } from '../ask.test-support.ts';

let lab: TestLab;
type Told = Readonly<{ status: number; text: string }>;
const tell = async (method: string, path: string, body?: unknown, headers = {}): Promise<Told> => {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${lab.lab.control}${path}`, { method, headers, ...sent });
  return { status: answer.status, text: await answer.text() };
};
const refused = async (method: string, path: string, body: unknown, why: RegExp): Promise<void> => {
  const { status, text } = await tell(method, path, body);
  assert.equal(status, 400, text);
  assert.match(JSON.parse(text).error, why);
};
const storage = async (): Promise<Record<string, unknown>> =>
  (await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga')).json.data as Record<string, unknown>;

before(async () => {
  lab = await testLab({ taskSeconds: 0 });
});
afterEach(() => lab.lab.clear());
after(() => lab[Symbol.asyncDispose]());

describe('PUT /faults', () => {
  it('says what is wrong with a fault that there is not, or that makes no sense', async () => {
    const down = { server: 'ruapehu', name: 'down' };
    await refused(
      'PUT',
      '/faults',
      { ...down, server: 'nobody' },
      /no server 'nobody'.*ruapehu, hikurangi, pbs-pihanga/,
    );
    await refused('PUT', '/faults', { ...down, name: 'nonsense' }, /no fault 'nonsense'.*answer-lost/);
    await refused('PUT', '/faults', { ...down, count: 3 }, /whole port: it takes no 'count'/);
    await refused('PUT', '/faults', { server: 'pbs-pihanga', name: 'no-quorum' }, /pbs server has no 'no-quorum'/);
    await refused('PUT', '/faults', { ...down, name: 'html', path: '(' }, /no regular expression[\s\S]*path/);
    await refused('PUT', '/faults', { ...down, name: 'html', count: 0 }, /count/);
    await refused('PUT', '/faults', { ...down, name: 'html', method: 'PATCH' }, /method/);
    await refused('PUT', '/faults', { ...down, name: 'html', often: 2 }, /often/);
    await refused('PUT', '/faults', {}, /server[\s\S]*name/);
    await refused('PUT', '/faults', '{', /no JSON/);
    assert.equal((await lab.ask('ruapehu', 'GET', '/version')).status, 200, 'none of them was set');
  });
  it('shows what is set, and how often it still bites', async () => {
    await tell('PUT', '/faults', { server: 'ruapehu', name: 'error-500', count: 2 });
    await lab.ask('ruapehu', 'GET', '/version');
    const { present, catalogue } = JSON.parse((await tell('GET', '/faults')).text);
    assert.deepEqual(present.ruapehu, [{ name: 'error-500', options: { count: 2 }, left: 1 }]);
    assert.ok(catalogue.down.means.length > 10);
  });
  it('ends a fault by itself after its seconds', async () => {
    await tell('PUT', '/faults', { server: 'ruapehu', name: 'error-500', seconds: 0.2 });
    assert.equal((await lab.ask('ruapehu', 'GET', '/version')).status, 500);
    let answer = await lab.ask('ruapehu', 'GET', '/version');
    while (answer.status === 500) answer = await lab.ask('ruapehu', 'GET', '/version');
    assert.equal(answer.status, 200);
  });
  it('ends all of them at once, the closed port too', async () => {
    for (const name of ['down', 'certificate-changed', 'error-500'])
      assert.equal((await tell('PUT', '/faults', { server: 'hikurangi', name })).status, 200);
    await assert.rejects(lab.ask('hikurangi', 'GET', '/version'), { code: 'ECONNREFUSED' });
    assert.deepEqual(JSON.parse((await tell('DELETE', '/faults')).text).present.hikurangi, []);
    assert.equal((await lab.ask('hikurangi', 'GET', '/version')).status, 200);
  });
});

describe('POST /change', () => {
  const change = (body: object) => tell('POST', '/change', body);
  const pbs = { server: 'hikurangi', storage: 'pbs-pihanga' };
  it('sets and unsets options of a storage as its file would have them', async () => {
    assert.equal(
      (await change({ ...pbs, set: { disable: false, port: 8007 }, delete: ['prune-backups'] })).status,
      200,
    );
    const { disable, port, 'prune-backups': prune } = await storage();
    assert.deepEqual([disable, port, prune], [0, 8007, undefined]);
  });
  it('says what is wrong with a change that makes no sense, and changes nothing', async () => {
    const earlier = await storage();
    await refused('POST', '/change', pbs, /say how/);
    await refused('POST', '/change', { server: 'hikurangi', set: { disable: 1 } }, /one of `storage` and `pruneJob`/);
    await refused('POST', '/change', { ...pbs, server: 'nobody', set: { disable: 1 } }, /no server 'nobody'/);
    await refused('POST', '/change', { ...pbs, storage: 'none', set: { disable: 1 } }, /has no storage 'none'/);
    await refused('POST', '/change', { ...pbs, server: 'pbs-pihanga', set: { disable: 1 } }, /is a PBS/);
    await refused('POST', '/change', { server: 'ruapehu', pruneJob: 'x', delete: true }, /is a PVE host/);
    await refused('POST', '/change', { ...pbs, set: { disabled: 1 } }, /no option 'disabled'.*disable/);
    await refused('POST', '/change', { ...pbs, set: { password: 'x' } }, /no option 'password'/);
    await refused('POST', '/change', { ...pbs, set: { disable: { yes: 1 } } }, /disable/);
    assert.equal((await storage())['digest'], earlier['digest']);
  });
  it('changes a backup job, a guest and a role of a PVE host, and removes them', async () => {
    const job = { server: 'hikurangi', backupJob: 'by-hand' };
    assert.equal((await change({ ...job, set: { enabled: false, comment: 'by hand' }, delete: ['mode'] })).status, 200);
    const { data } = (await lab.ask('hikurangi', 'GET', '/cluster/backup/by-hand')).json as {
      data: Record<string, unknown>;
    };
    assert.deepEqual([data['enabled'], data['comment'], data['mode']], [0, 'by hand', undefined]);
    const config = async () => lab.ask('hikurangi', 'GET', '/nodes/hikurangi/lxc/210/config');
    const disks = {
      rootfs: 'local-zfs:subvol-210-disk-0,size=24G',
      mp0: 'local-zfs:subvol-210-disk-1,mp=/srv,size=8G',
    };
    assert.equal((await change({ server: 'hikurangi', guest: 210, set: { ...disks, lock: 'backup' } })).status, 200);
    const changed = (await config()).json.data as Record<string, unknown>;
    assert.deepEqual([changed['mp0'], changed['lock']], [disks.mp0, 'backup']);
    const role = { server: 'hikurangi', role: 'HoldfastGuests' };
    assert.equal((await change({ ...role, delete: ['VM.Audit'] })).status, 200);
    assert.equal((await config()).phrase, 'Permission check failed (/vms/210, VM.Audit)');
    assert.equal((await change({ ...role, set: { privs: 'VM.Audit,VM.Backup' } })).status, 200);
    assert.equal((await change({ server: 'hikurangi', guest: 210, delete: true })).status, 200);
    assert.match((await config()).phrase, /210\.conf' does not exist/);
    assert.equal((await change({ ...job, delete: true })).status, 200);
    assert.equal((await lab.ask('hikurangi', 'GET', '/cluster/backup/by-hand')).status, 400);
  });
  it('says what is wrong with a change of what a PVE host has not', async () => {
    const on = { server: 'ruapehu', set: { comment: 'x' } };
    await refused('POST', '/change', { ...on, backupJob: 'none' }, /has no backup job 'none'/);
    await refused('POST', '/change', { ...on, guest: 998 }, /has no guest 998/);
    await refused('POST', '/change', { ...on, role: 'none' }, /has no role 'none'/);
    await refused('POST', '/change', { ...on, disk: 'local' }, /has no disk below a storage 'local'/);
    await refused('POST', '/change', { ...on, guest: 101, storage: 'local' }, /say what is changed: one of/);
    await refused('POST', '/change', { ...on, guest: 101, set: { status: 'asleep' } }, /running or stopped/);
    const role = { ...on, role: 'HoldfastGuests' };
    await refused('POST', '/change', { ...role, set: { privs: 'VM.Fly' } }, /no option 'VM\.Fly'/);
  });
  it('sets, unsets and removes a prune job', async () => {
    const job = { server: 'pbs-pihanga', pruneJob: 'workshop-weekly' };
    assert.equal((await change({ ...job, set: { disable: true }, delete: ['comment'] })).status, 200);
    const read = () => lab.ask('pbs-pihanga', 'GET', '/config/prune/workshop-weekly');
    const { disable, comment } = (await read()).json.data as Record<string, unknown>;
    assert.deepEqual([disable, comment], [true, undefined]);
    assert.equal((await change({ ...job, delete: true })).status, 200);
    assert.equal((await read()).status, 400);
  });
});

describe('the control', () => {
  it('has nothing for a web page: one says where it comes from', async () => {
    const body = { server: 'ruapehu', name: 'down' };
    const { status } = await tell('PUT', '/faults', body, { origin: 'http://evil.example' });
    assert.equal(status, 403);
    assert.equal((await lab.ask('ruapehu', 'GET', '/version')).status, 200);
  });
  it('shows no secret, even one that somebody wrote into a comment', async () => {
    const secret = lab.secret('pbs-pihanga.token');
    const form = { comment: `it is ${secret}` };
    assert.equal(
      (
        await lab.ask('pbs-pihanga', 'POST', '/config/prune', {
          form: { ...form, id: 'talks', store: 'tank', schedule: 'daily', 'keep-last': 1 },
        })
      ).status,
      200,
    );
    const { text } = await tell('GET', '/state');
    assert.match(text, /talks/);
    assert.ok(!text.includes(secret));
  });
});
