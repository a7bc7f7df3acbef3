// A backup from end to end: a PVE host writes to the PBS, over time, and both sides tell of it as real ones do (facts: pve-api
// sections 5, 6; pbs-api sections 2, 4).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseUpid } from '../src/values/upid.ts';
import { type Form, type TestLab, testLab } from './ask.test-support.ts';

let lab: TestLab;
type Row = Record<string, unknown>;
const node = '/nodes/ruapehu';
const rows = async (path: string, form: Form = {}, server: 'ruapehu' | 'pbs-pihanga' = 'ruapehu'): Promise<Row[]> =>
  (await lab.ask(server, 'GET', path, { form })).json.data as Row[];
const start = async (form: Form): Promise<string> => {
  const answer = await lab.ask('ruapehu', 'POST', `${node}/vzdump`, { form });
  assert.equal(answer.status, 200, `${answer.phrase} ${answer.text}`);
  return String(answer.json.data);
};
const at = (upid: string): string => `${node}/tasks/${encodeURIComponent(upid)}`;
const status = async (upid: string): Promise<Row> =>
  (await lab.ask('ruapehu', 'GET', `${at(upid)}/status`)).json.data as Row;
const ended = async (upid: string): Promise<Row> => {
  for (;;) {
    const seen = await status(upid);
    if (seen['status'] === 'stopped') return seen;
  }
};
const logOf = async (upid: string, form: Form = { limit: 0 }): Promise<string[]> =>
  (await rows(`${at(upid)}/log`, form)).map((line) => String(line['t']));

before(async () => {
  lab = await testLab({ taskSeconds: 0.1 });
  const form = {
    type: 'pbs',
    storage: 'pbs-pihanga',
    server: '127.0.0.1',
    port: lab.port('pbs-pihanga'),
    datastore: 'tank',
    fingerprint: lab.lab.servers['pbs-pihanga']?.fingerprint ?? '',
    username: 'holdfast@pbs!storage',
    password: lab.secret('storage.token'),
  };
  assert.equal((await lab.ask('ruapehu', 'POST', '/storage', { form })).status, 200);
});
after(() => lab[Symbol.asyncDispose]());

describe('a backup', () => {
  it('is a task whose id says who started it, runs, and ends OK with the lines of vzdump', async () => {
    const guests = await rows('/cluster/resources', { type: 'vm' });
    const one = guests.find((guest) => guest['type'] === 'qemu' && guest['template'] !== 1);
    const vmid = Number(one?.['vmid']);
    const upid = await start({ vmid, storage: 'pbs-pihanga', mode: 'snapshot' });
    const parsed = parseUpid(upid);
    assert.deepEqual([parsed?.type, parsed?.id, parsed?.user], ['vzdump', String(vmid), 'holdfast@pve!ops']);
    assert.equal((await status(upid))['status'], 'running');
    const active = await rows(`${node}/tasks`, {
      source: 'active',
      typefilter: 'vzdump',
      userfilter: 'holdfast@pve!ops',
    });
    assert.deepEqual(
      active.map((task) => [task['upid'], task['status']]),
      [[upid, 'RUNNING']],
    );
    assert.equal((await ended(upid))['exitstatus'], 'OK');
    const log = await logOf(upid);
    assert.match(log[0] ?? '', /^INFO: starting new backup job: vzdump /);
    assert.ok(
      log.some((line) => line.startsWith(`INFO: Starting Backup of VM ${vmid} (qemu)`)),
      log.join('\n'),
    );
    assert.ok(log.some((line) => /^INFO: Finished Backup of VM \d+ \(\d\d:\d\d:\d\d\)$/.test(line)));
    assert.deepEqual(log.slice(-2), ['INFO: Backup job finished successfully', 'TASK OK']);
  });

  it('appears on the PBS as a snapshot of the token that the storage uses, and in the content of the storage', async () => {
    const guests = await rows('/cluster/resources', { type: 'vm' });
    const container = guests.find((guest) => guest['type'] === 'lxc' && guest['template'] !== 1);
    const vmid = String(container?.['vmid']);
    const ofGuest = async () =>
      (await rows('/admin/datastore/tank/snapshots', {}, 'pbs-pihanga')).filter(
        (snapshot) => snapshot['backup-type'] === 'ct' && snapshot['backup-id'] === vmid,
      );
    const earlier = await ofGuest();
    const upid = await start({ vmid, storage: 'pbs-pihanga', 'notes-template': '{{guestname}}' });
    assert.equal((await ended(upid))['exitstatus'], 'OK');
    const later = await ofGuest();
    assert.equal(later.length, earlier.length + 1);
    const [newest] = later.sort((one, other) => Number(other['backup-time']) - Number(one['backup-time']));
    assert.equal(newest?.['owner'], 'holdfast@pbs!storage');
    assert.equal(newest?.['comment'], container?.['name']);
    assert.ok(Array.isArray(newest?.['files']) && Number(newest?.['size']) > 0);
    const content = await lab.ask('ruapehu', 'GET', `${node}/storage/pbs-pihanga/content`, {
      form: { content: 'backup' },
    });
    assert.equal(content.status, 200, content.text);
    const volumes = (content.json.data as Row[]).map((volume) => String(volume['volid']));
    const time = new Date(Number(newest?.['backup-time']) * 1000).toISOString().replace('.000', '');
    assert.ok(volumes.includes(`pbs-pihanga:backup/ct/${vmid}/${time}`), volumes.join('\n'));
  });

  it('of all guests names none in its id, and takes those that may be backed up', async () => {
    const upid = await start({ all: 1, storage: 'pbs-pihanga' });
    assert.equal(parseUpid(upid)?.id, '');
    assert.equal((await ended(upid))['exitstatus'], 'OK');
    const finished = (await logOf(upid)).filter((line) => line.startsWith('INFO: Finished Backup of VM '));
    assert.ok(finished.length >= 4);
  });

  it('is read in pages, and its list by filters', async () => {
    const upid = await start({ all: 1, storage: 'pbs-pihanga' });
    await ended(upid);
    const whole = await logOf(upid);
    const page = await rows(`${at(upid)}/log`, { start: 2, limit: 3 });
    assert.deepEqual(
      page.map((line) => [line['n'], line['t']]),
      [3, 4, 5].map((n) => [n, whole[n - 1]]),
    );
    assert.ok((await rows(`${at(upid)}/log`)).length <= 50);
    const archived = await rows(`${node}/tasks`, { typefilter: 'vzdump', limit: 1 });
    assert.deepEqual(
      archived.map((task) => [task['upid'], task['status']]),
      [[upid, 'OK']],
    );
    assert.deepEqual(await rows(`${node}/tasks`, { userfilter: 'nobody@pve', source: 'all' }), []);
    const future = Number(archived[0]?.['starttime']) + 3600;
    assert.deepEqual(await rows(`${node}/tasks`, { since: future, source: 'all' }), []);
  });

  it('of a task that nobody knows is a 400, on PBS too', async () => {
    const upid = 'UPID:ruapehu:00000001:00000001:66000000:vzdump:100:holdfast@pve!ops:';
    const answer = await lab.ask('ruapehu', 'GET', `${at(upid)}/status`);
    assert.deepEqual([answer.status, answer.json.errors], [400, { upid: 'no such task' }]);
    const pbs = 'UPID:pbs-pihanga:00000001:00000001:00000001:66000000:prunejob:tank:holdfast@pbs!ops:';
    const other = await lab.ask('pbs-pihanga', 'GET', `/nodes/localhost/tasks/${encodeURIComponent(pbs)}/status`);
    assert.equal(other.status, 400);
    assert.match(other.text, /no such task/);
  });

  it('to a storage that is switched off fails', async () => {
    const form = { disable: 1 };
    assert.equal((await lab.ask('ruapehu', 'PUT', '/storage/pbs-pihanga', { form })).status, 200);
    const answer = await lab.ask('ruapehu', 'POST', `${node}/vzdump`, { form: { all: 1, storage: 'pbs-pihanga' } });
    const failed = answer.status === 500 || (await ended(String(answer.json.data)))['exitstatus'] !== 'OK';
    assert.ok(failed, answer.text);
    await lab.ask('ruapehu', 'PUT', '/storage/pbs-pihanga', { form: { delete: 'disable' } });
  });

  it('of a guest that is in no job is what not-backed-up lists; a disabled job counts all the same', async () => {
    const uncovered = async () => (await rows('/cluster/backup-info/not-backed-up')).map((guest) => guest['vmid']);
    assert.ok((await uncovered()).length >= 4);
    const job = { id: 'weekly', schedule: 'sun 03:00', all: 1, storage: 'pbs-pihanga', enabled: 0 };
    assert.equal((await lab.ask('ruapehu', 'POST', '/cluster/backup', { form: job })).status, 200);
    assert.deepEqual(await uncovered(), []);
    const [listed] = await rows('/cluster/backup');
    assert.equal(listed?.['id'], 'weekly');
    assert.ok(Number(listed?.['next-run']) > 0);
  });
});

describe('the storage of a PBS, as PVE sees it', () => {
  it('is active with sizes, and inactive with zeros once the PBS is down', async () => {
    const storage = async () =>
      (await lab.ask('ruapehu', 'GET', `${node}/storage/pbs-pihanga/status`)).json.data as Row;
    const up = await storage();
    assert.equal(Number(up['active']), 1);
    assert.ok(Number(up['total']) > 0);
    await lab.lab.fault('pbs-pihanga', 'down');
    const down = await storage();
    assert.deepEqual([Number(down['active']), Number(down['total'])], [0, 0]);
    await lab.lab.clear();
    assert.equal(Number((await storage())['active']), 1);
  });
  it('is found by a scan with a login that holds, and by no other', async () => {
    const form = {
      server: '127.0.0.1',
      port: lab.port('pbs-pihanga'),
      username: 'holdfast@pbs!storage',
      password: lab.secret('storage.token'),
      fingerprint: lab.lab.servers['pbs-pihanga']?.fingerprint ?? '',
    };
    const found = await lab.ask('ruapehu', 'GET', `${node}/scan/pbs`, { form });
    assert.equal(found.status, 200, found.phrase);
    assert.deepEqual(
      (found.json.data as Row[]).map((store) => store['store']),
      ['tank'],
    );
    const wrong = await lab.ask('ruapehu', 'GET', `${node}/scan/pbs`, { form: { ...form, password: 'nothing' } });
    assert.equal(wrong.status, 500);
    assert.ok(!JSON.stringify(lab.log().at(-1)).includes('nothing'), 'a password in a query is no less secret');
  });
  it('keeps an encryption key that it made: the whole key is answered once, and a fingerprint afterwards', async () => {
    const made = await lab.ask('ruapehu', 'PUT', '/storage/pbs-pihanga', { form: { 'encryption-key': 'autogen' } });
    const config = (made.json.data as { config: Record<string, string> }).config;
    const key = JSON.parse(config['encryption-key'] ?? '{}');
    assert.ok(typeof key.data === 'string' && key.kdf === null);
    const read = (await lab.ask('ruapehu', 'GET', '/storage/pbs-pihanga')).json.data as Row;
    assert.equal(read['encryption-key'], key.fingerprint);
    assert.ok(!JSON.stringify(read).includes(key.data));
    const wrong = { 'encryption-key': '{"nothing":1}' };
    const refused = await lab.ask('ruapehu', 'PUT', '/storage/pbs-pihanga', { form: wrong });
    assert.match(refused.phrase, /Value does not seems like a valid, JSON formatted encryption key!/);
  });
});
