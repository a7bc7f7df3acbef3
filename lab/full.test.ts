// The full lab is the seed estate: three hosts, two PBS, an S3 service, and the months before it starts.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { type Form, type ServerId, type TestLab, testLab } from './ask.test-support.ts';
import { fullPveState } from './full/host.ts';
import { type HostName, nightAt } from './full/nights.ts';
import { mainPbsState } from './full/pbs.ts';
import { listBuckets } from './s3/ask.ts';

let lab: TestLab;
before(async () => {
  lab = await testLab({ size: 'full', taskSeconds: 0 });
});
after(() => lab[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
const rows = async (server: ServerId, path: string, form: Form = {}): Promise<Row[]> => {
  const answer = await lab.ask(server, 'GET', path, { form });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data as Row[];
};
const hosts: readonly HostName[] = ['ruapehu', 'pihanga', 'hikurangi'];

describe('the full lab', () => {
  it('has the guests of the seed estate, each on its host', async () => {
    const ids = async (server: ServerId) =>
      (await rows(server, '/cluster/resources', { type: 'vm' })).map(({ id }) => String(id));
    const ruapehu = await ids('ruapehu');
    for (const id of ['qemu/109', 'qemu/400', 'qemu/401', 'qemu/402', 'qemu/403', 'qemu/450', 'qemu/451', 'lxc/200'])
      assert.ok(ruapehu.includes(id), id);
    assert.deepEqual((await ids('pihanga')).sort(), ['qemu/101', 'qemu/200']);
    assert.deepEqual((await ids('hikurangi')).sort(), ['lxc/100', 'lxc/101', 'lxc/102']);
    assert.ok(ruapehu.includes('lxc/100'), 'one type and id is there twice: both hosts write into one group');
  });
  it('has a datastore of 13.3 TB, written to for months', async () => {
    const path = '/admin/datastore/pbs-datastore';
    const { total } = (await lab.ask('pbs-pihanga', 'GET', `${path}/status`)).json.data as Row;
    assert.equal(total, 13.3e12);
    const snapshots = await rows('pbs-pihanga', `${path}/snapshots`);
    const times = snapshots.map((one) => Number(one['backup-time']));
    assert.ok(Math.max(...times) < Date.now() / 1000);
    assert.ok(Math.min(...times) < Date.now() / 1000 - 300 * 86_400);
  });
  it('has snapshots that were verified, one that failed, and, but on a Sunday, those that wait for the next time', () => {
    // Verified each Sunday at five, for an hour: then nothing waits until the next night's backups.
    const at = (time: string) =>
      mainPbsState({ now: Date.parse(time) }).snapshots.filter(({ namespace }) => namespace === '');
    const states = (time: string) =>
      [...new Set(at(time).map(({ verification }) => verification?.state ?? 'none'))].sort();
    assert.deepEqual(states('2026-11-25T12:00:00Z'), ['failed', 'none', 'ok']);
    assert.deepEqual(states('2026-11-22T06:30:00Z'), ['failed', 'ok']);
    assert.deepEqual(states('2026-11-23T06:30:00Z'), ['failed', 'none', 'ok']);
  });
  it('has a night when every host failed, and no snapshot of it', async () => {
    const at = nightAt(Date.now(), 21);
    for (const host of hosts) {
      const runs = await rows(host, `/nodes/${host}/tasks`, { typefilter: 'vzdump', since: at, until: at });
      assert.deepEqual(
        runs.map(({ status }) => status),
        ['job errors'],
        host,
      );
    }
    const snapshots = await rows('pbs-pihanga', '/admin/datastore/pbs-datastore/snapshots');
    const ofNight = (night: number) =>
      snapshots.filter((one) => Math.abs(Number(one['backup-time']) - nightAt(Date.now(), night)) < 7200).length;
    assert.equal(ofNight(21), 0);
    assert.ok(ofNight(20) > 8);
  });
  it('has tasks that ended in every way, and finds them by it', async () => {
    const count = async (statusfilter: string) =>
      (await Promise.all(hosts.map((host) => rows(host, `/nodes/${host}/tasks`, { statusfilter, limit: 0 })))).flat()
        .length;
    const [ok, warning, error] = [await count('ok'), await count('warning'), await count('error')];
    assert.ok(ok > 70 && warning === 1 && error >= 6, `${ok} ${warning} ${error}`);
  });
  it('has the tasks of a PBS, and each verified snapshot of this month names one of them', async () => {
    const tasks = await rows('pbs-pihanga', '/nodes/localhost/tasks', { limit: 1000 });
    for (const type of ['backup', 'garbage_collection', 'prunejob', 'verificationjob'])
      assert.ok(
        tasks.some((task) => task['worker_type'] === type),
        type,
      );
    const copied = await rows('pbs-taupo', '/nodes/localhost/tasks', { limit: 1000 });
    assert.ok(copied.some((task) => task['worker_type'] === 'syncjob'));
    const upids = new Set(tasks.map(({ upid }) => upid));
    const recent = (await rows('pbs-pihanga', '/admin/datastore/pbs-datastore/snapshots')).filter(
      (one) => Number(one['backup-time']) > nightAt(Date.now(), 20) && one['verification'] !== undefined,
    );
    assert.ok(recent.length > 0);
    for (const one of recent) assert.ok(upids.has((one['verification'] as Row)['upid']));
  });
  it('is the same again at the same moment', () => {
    const parts = { now: Date.parse('2026-02-24T12:00:00Z'), pbs: { port: 8007, fingerprint: 'AA' } };
    for (const node of hosts) assert.deepEqual(fullPveState({ ...parts, node }), fullPveState({ ...parts, node }));
    assert.deepEqual(mainPbsState(parts), mainPbsState(parts));
  });
  it('has nothing that has not happened yet, at whatever hour it starts', () => {
    for (let hour = 0; hour < 24 * 7; hour += 5) {
      const now = Date.parse('2026-02-23T00:30:00Z') + hour * 3_600_000;
      const state = mainPbsState({ now });
      for (const { endedAt = 0 } of state.tasks) assert.ok(endedAt * 1000 <= now, `hour ${hour}`);
      for (const { time } of state.snapshots) assert.ok(time * 1000 <= now, `hour ${hour}`);
    }
  });
  it('backs up from all three hosts into one PBS', async () => {
    for (const [host, vmid] of [
      ['ruapehu', 200],
      ['pihanga', 200],
      ['hikurangi', 100],
    ] as const) {
      const form = { vmid, storage: 'old-pbs' };
      const upid = String((await lab.ask(host, 'POST', `/nodes/${host}/vzdump`, { form })).json.data);
      let status: Row = {};
      while (status['status'] !== 'stopped')
        status = (await lab.ask(host, 'GET', `/nodes/${host}/tasks/${encodeURIComponent(upid)}/status`)).json
          .data as Row;
      assert.equal(status['exitstatus'], 'OK', host);
    }
  });
});

const mayAll = (server: ServerId): void => {
  const state = lab.lab.servers[server]?.state;
  assert.ok(state?.product === 'pbs');
  for (const authId of ['holdfast@pbs', 'holdfast@pbs!ops'])
    state.acl = [
      ...state.acl.filter((entry) => entry.authId !== authId),
      { path: '/', authId, role: 'Admin', propagate: true },
    ];
};

it('a backup of the full lab is a task of the PBS, too', async () => {
  const form = { vmid: 402, storage: 'old-pbs' };
  const before = (await rows('pbs-pihanga', '/nodes/localhost/tasks', { typefilter: 'backup', limit: 1000 })).length;
  const upid = String((await lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form })).json.data);
  let status: Row = {};
  while (status['status'] !== 'stopped')
    status = (await lab.ask('ruapehu', 'GET', `/nodes/ruapehu/tasks/${encodeURIComponent(upid)}/status`)).json
      .data as Row;
  const tasks = await rows('pbs-pihanga', '/nodes/localhost/tasks', { typefilter: 'backup', limit: 1000 });
  assert.equal(tasks.length, before + 1);
  assert.ok(
    tasks.some((task) => task['worker_id'] === 'pbs-datastore:vm/402' && task['user'] === 'holdfast@pbs!storage'),
  );
});

describe('the second PBS', () => {
  it('pulls over HTTPS what the first one got since', async () => {
    mayAll('pbs-taupo');
    const groups = async () => (await rows('pbs-taupo', '/admin/datastore/copy/snapshots')).length;
    const before = await groups();
    const upid = String(
      (await lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form: { vmid: 451, storage: 'old-pbs' } })).json
        .data,
    );
    const [backup, sync] = [
      ['ruapehu', `/nodes/ruapehu/tasks/${encodeURIComponent(upid)}/status`],
      ['pbs-taupo', '/admin/sync/s-1a2b3c4d-5e6f/run'],
    ] as const;
    let status: Row = {};
    while (status['status'] !== 'stopped') status = (await lab.ask(backup[0], 'GET', backup[1])).json.data as Row;
    const ran = encodeURIComponent(String((await lab.ask(sync[0], 'POST', sync[1])).json.data));
    status = {};
    while (status['status'] !== 'stopped')
      status = (await lab.ask('pbs-taupo', 'GET', `/nodes/localhost/tasks/${ran}/status`)).json.data as Row;
    assert.equal(status['exitstatus'], 'OK');
    assert.ok((await groups()) > before);
  });
});

describe('the S3 service of the full lab', () => {
  it('is what a PBS finds through its client', async () => {
    mayAll('pbs-pihanga');
    const { s3 } = lab.lab;
    assert.ok(s3 !== undefined);
    const keys = { 'access-key': s3.accessKey, 'secret-key': lab.secret('s3.token') };
    const place = { endpoint: '127.0.0.1', port: new URL(s3.url).port, fingerprint: s3.fingerprint, region: s3.region };
    const form = { id: 'offsite', ...place, ...keys };
    assert.equal((await lab.ask('pbs-pihanga', 'POST', '/config/s3', { form })).status, 200);
    const names = (await rows('pbs-pihanga', '/config/s3/offsite/list-buckets')).map(({ name }) => name);
    assert.deepEqual(names.sort(), ['pbs-offsite', 'somebody-elses']);
    const wrong = { ...form, id: 'wrong', 'secret-key': 'another' };
    assert.equal((await lab.ask('pbs-pihanga', 'POST', '/config/s3', { form: wrong })).status, 200);
    assert.notEqual((await lab.ask('pbs-pihanga', 'GET', '/config/s3/wrong/list-buckets')).status, 200);
  });

  it('is asked with the keys that stand in its folder', async () => {
    const { s3 } = lab.lab;
    assert.ok(s3 !== undefined);
    const { hostname, port } = new URL(s3.url);
    const address = { ...s3, host: hostname, port: Number(port), secretKey: lab.secret('s3.token') };
    assert.deepEqual([...(await listBuckets(address, Date.now()))].sort(), ['pbs-offsite', 'somebody-elses']);
    const last = lab.log().at(-1);
    assert.deepEqual([last?.server, last?.status, last?.user], ['s3', 200, s3.accessKey]);
  });
});

describe('the folder of the full lab', () => {
  const read = (file: string): string => readFileSync(join(lab.dir, file), 'utf8');
  it('says where each server is, and keeps every secret for its owner', () => {
    const { servers, s3 } = JSON.parse(read('lab.json')) as { servers: Row; s3: Row };
    assert.deepEqual(Object.keys(servers), [...hosts, 'pbs-pihanga', 'pbs-taupo']);
    assert.equal(s3['url'], lab.lab.s3?.url);
    for (const file of lab.lab.files.filter((name) => /\.(?:token|key)$/.test(name)))
      assert.equal(statSync(join(lab.dir, file)).mode & 0o777, 0o600, file);
    assert.ok(lab.lab.files.includes('pbs-taupo.token') && lab.lab.files.includes('s3.token'));
  });
  it('declares what the three hosts are to have, and they have it not', async () => {
    const estate = parse(read('estate.yaml'));
    assert.deepEqual(
      estate.pve.map(({ name }: Row) => name),
      hosts,
    );
    assert.deepEqual(
      estate.pbs.map(({ name }: Row) => name),
      ['pbs-pihanga', 'pbs-taupo'],
    );
    const keeps = estate.pbs[0].datastores[0].prune.map(({ namespace, keep_daily, keep_monthly, keep_yearly }: Row) => [
      ...[namespace, keep_daily, keep_monthly, keep_yearly],
    ]);
    assert.deepEqual(
      keeps,
      hosts.map((host) => [host, 7, 3, 1]),
    );
    const declared = estate.pbs[0].datastores[0].prune.map(({ id }: Row) => id);
    assert.ok((await rows('pbs-pihanga', '/config/prune')).every(({ id }) => !declared.includes(id)));
    for (const host of ['ruapehu', 'pihanga'] as const)
      assert.ok(!(await rows(host, '/storage')).some(({ storage }) => storage === estate.pbs_storages[0].name), host);
  });
});
