// What a host tells of its guests, jobs and itself, and what of a guest a backup would take.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Form, type ServerId, type TestLab, testLab } from '../ask.test-support.ts';

let lab: TestLab;
before(async () => {
  lab = await testLab({ size: 'full', taskSeconds: 0 });
});
after(() => lab[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
const data = async (path: string, form: Form = {}, server: ServerId = 'ruapehu'): Promise<unknown> => {
  const answer = await lab.ask(server, 'GET', path, { form });
  assert.equal(answer.status, 200, `${path}: ${answer.phrase}`);
  return answer.json.data;
};
const rows = async (path: string, form: Form = {}, server: ServerId = 'ruapehu') =>
  (await data(path, form, server)) as Row[];
const childrenOf = (row: Row | undefined): Row[] => (row?.['children'] ?? []) as Row[];
const on = (server: ServerId, what: string): string => `/nodes/${server}/${what}`;

describe('a guest', () => {
  it('has its file, and a digest that changes with it', async () => {
    const config = (await data(on('ruapehu', 'qemu/109/config'))) as Row;
    assert.match(String(config['scsi1']), /backup=0,size=200G/);
    assert.equal(config['agent'], '1');
    const change = { server: 'ruapehu', guest: 109, set: { onboot: 0 } };
    await fetch(`${lab.lab.control}/change`, { method: 'POST', body: JSON.stringify(change) });
    const after = (await data(on('ruapehu', 'qemu/109/config'))) as Row;
    assert.equal(after['onboot'], 0);
    assert.notEqual(after['digest'], config['digest']);
  });
  it('that is not there, or of the other kind, has none', async () => {
    for (const path of ['qemu/998/config', 'qemu/200/config']) {
      const answer = await lab.ask('ruapehu', 'GET', on('ruapehu', path));
      assert.equal(answer.status, 500);
      assert.match(answer.phrase, /^Configuration file 'nodes\/ruapehu\/qemu-server\/\d+\.conf' does not exist$/);
    }
  });
  it('is in the list of its kind only', async () => {
    const ids = async (type: string) =>
      (await rows(on('pihanga', type), {}, 'pihanga')).map(({ vmid }) => Number(vmid)).sort();
    assert.deepEqual(await ids('qemu'), [101, 200]);
    assert.deepEqual(await ids('lxc'), []);
  });
});

describe('included_volumes', () => {
  const tree = async (server: ServerId, id: string) =>
    ((await data(`/cluster/backup/${id}/included_volumes`, {}, server)) as { children: Row[] }).children;
  it('says of every disk whether it is taken, and why', async () => {
    const guests = await tree('ruapehu', 'before-holdfast');
    const disks = (vmid: number) =>
      Object.fromEntries(
        childrenOf(guests.find(({ id }) => id === vmid)).map(({ id, included, reason }) => [
          String(id),
          `${included} ${reason}`,
        ]),
      );
    assert.deepEqual(disks(109), { '109:scsi0': '1 backup=yes', '109:scsi1': '0 backup=no' });
    assert.deepEqual(disks(200), { '200:rootfs': '1 rootfs', '200:mp0': '0 not a volume' });
    const [tamar] = (await tree('hikurangi', 'before-holdfast')).filter(({ id }) => id === 102);
    const reasons = childrenOf(tamar).map(({ reason }) => reason);
    assert.deepEqual(reasons, ['rootfs', 'disabled', 'enabled'], 'a mount point is out unless it says so');
  });
  it('names a guest that is gone as unknown, and refuses a job that is not there', async () => {
    const job = { id: 'odd', schedule: 'daily', vmid: '109,998', storage: 'old-pbs' };
    assert.equal((await lab.ask('ruapehu', 'POST', '/cluster/backup', { form: job })).status, 200);
    assert.deepEqual(
      (await tree('ruapehu', 'odd')).map(({ id, type }) => [id, type]),
      [
        [109, 'qemu'],
        [998, 'unknown'],
      ],
    );
    await lab.ask('ruapehu', 'DELETE', '/cluster/backup/odd');
    const none = await lab.ask('ruapehu', 'GET', '/cluster/backup/none/included_volumes');
    assert.deepEqual(none.json.errors, { id: "No such job 'none'" });
  });
});

describe('the host', () => {
  it('tells the next times of a schedule, and refuses one that is none', async () => {
    const form = { schedule: 'mon 02:00', iterations: 2, starttime: Date.parse('2026-02-24T12:00:00Z') / 1000 };
    assert.deepEqual(await data('/cluster/jobs/schedule-analyze', form), [
      { timestamp: Date.parse('2026-03-02T02:00:00Z') / 1000, utc: 'Mon Mar  2 02:00:00 2026' },
      { timestamp: Date.parse('2026-03-09T02:00:00Z') / 1000, utc: 'Mon Mar  9 02:00:00 2026' },
    ]);
    const wrong = await lab.ask('ruapehu', 'GET', '/cluster/jobs/schedule-analyze', { form: { schedule: 'never' } });
    assert.equal(wrong.status, 400);
  });
  it('has the defaults of its backups from its own file, and of the storage that is asked about', async () => {
    const state = lab.lab.servers['ruapehu']?.state;
    assert.ok(state?.product === 'pve');
    state.vzdumpConf = { tmpdir: '/mnt/scratch', ionice: 5 };
    const defaults = (await data(on('ruapehu', 'vzdump/defaults'), { storage: 'usb-hdd' })) as Row;
    const { tmpdir, ionice, mode, remove, dumpdir } = defaults;
    assert.deepEqual([tmpdir, ionice, mode, remove], ['/mnt/scratch', 5, 'snapshot', 1]);
    assert.deepEqual([dumpdir, defaults['prune-backups']], ['/mnt/usb-hdd/dump', 'keep-last=2']);
    const pbs = (await data(on('ruapehu', 'vzdump/defaults'), { storage: 'old-pbs' })) as Row;
    assert.deepEqual([pbs['dumpdir'], pbs['prune-backups']], [undefined, 'keep-all=1']);
    state.vzdumpConf = {};
  });
  it('tells where a backup is staged to auditors of the node only', async () => {
    const state = lab.lab.servers['hikurangi']?.state;
    assert.ok(state?.product === 'pve');
    state.vzdumpConf = { tmpdir: '/mnt/scratch' };
    state.acl = state.acl.filter(({ path }) => path !== '/' && path !== '/nodes');
    const defaults = (await data(on('hikurangi', 'vzdump/defaults'), {}, 'hikurangi')) as Row;
    assert.deepEqual([defaults['tmpdir'], defaults['ionice'], defaults['mode']], [undefined, undefined, 'snapshot']);
  });
  it('says which services run', async () => {
    const services = await rows(on('pihanga', 'services'), {}, 'pihanga');
    const stateOf = (name: string) => services.find(({ service }) => service === name)?.['active-state'];
    assert.deepEqual([stateOf('pveproxy'), stateOf('corosync')], ['active', 'inactive']);
    const one = (await data(on('pihanga', 'services/pvescheduler/state'), {}, 'pihanga')) as Row;
    assert.equal(one['state'], 'running');
    assert.equal((await lab.ask('pihanga', 'GET', on('pihanga', 'services/nonsense/state'))).status, 400);
  });
  it('has the nights in its journal, between two cursors', async () => {
    const state = lab.lab.servers['ruapehu']?.state;
    assert.ok(state?.product === 'pve');
    for (const entry of state.acl) if (entry.path === '/nodes') entry.role = 'Administrator';
    const lines = (await data(on('ruapehu', 'journal'), { lastentries: 2 })) as string[];
    assert.equal(lines.length, 4);
    assert.match(
      lines[1] ?? '',
      /^\w{3} \d\d \d\d:\d\d:\d\d ruapehu pvescheduler\[\d+\]: <root@pam> starting task UPID:/,
    );
    assert.match(lines[2] ?? '', /end task UPID:ruapehu:.* OK$/);
    await lab.ask('ruapehu', 'POST', on('ruapehu', 'vzdump'), { form: { vmid: 200, storage: 'local' } });
    const next = (await data(on('ruapehu', 'journal'), { startcursor: lines[3] ?? '' })) as string[];
    assert.match(next[1] ?? '', /pvedaemon\[\d+\]: <holdfast@pve!ops> starting task UPID/);
  });
  it('of version 8 says so, and refuses what came later, with no words in the body before 8.3', async () => {
    const old = await testLab({ versions: { pve: '8.0.4' } });
    const job = { id: 'j1', schedule: 'daily', all: 1, storage: 'old-pbs' };
    const made = (more: Form) => old.ask('ruapehu', 'POST', '/cluster/backup', { form: { ...job, ...more } });
    const later = {
      ...{ 'notification-mode': 'auto', fleecing: 'enabled=1,storage=local-zfs' },
      'pbs-change-detection-mode': 'metadata',
    };
    const answer = await made(later);
    assert.deepEqual(Object.keys(answer.json.errors ?? {}).sort(), Object.keys(later).sort());
    assert.equal(answer.json.message, undefined);
    assert.equal((await made({ maxfiles: 3 })).status, 200);
    await old[Symbol.asyncDispose]();
    const newer = await testLab({ versions: { pve: '8.4.1' } });
    assert.equal((await newer.ask('ruapehu', 'POST', '/cluster/backup', { form: { ...job, ...later } })).status, 200);
    const { privs } = ((await newer.ask('ruapehu', 'GET', '/access/roles')).json.data as Row[]).find(
      ({ roleid }) => roleid === 'Administrator',
    ) as Row;
    assert.match(String(privs), /VM\.Monitor/);
    assert.doesNotMatch(String(privs), /GuestAgent/);
    await newer[Symbol.asyncDispose]();
  });
});
