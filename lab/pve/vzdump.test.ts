// What a backup needs, what it leaves behind, and how it fails (facts: pve-api sections 3, 5 and 6).
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Form, type Raw, type TestLab, testLab } from '../ask.test-support.ts';
import type { PveState } from './state.ts';

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab({ taskSeconds: 0 });
});
afterEach(() => lab[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
const start = (form: Form): Promise<Raw> => lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form });
const upidOf = async (form: Form): Promise<string> => {
  const answer = await start(form);
  assert.equal(answer.status, 200, answer.text);
  return String(answer.json.data);
};
const at = (upid: string): string => `/nodes/ruapehu/tasks/${encodeURIComponent(upid)}`;
const exitOf = async (upid: string): Promise<string> => {
  for (;;) {
    const { status, exitstatus } = (await lab.ask('ruapehu', 'GET', `${at(upid)}/status`)).json.data as Row;
    if (status === 'stopped') return String(exitstatus);
  }
};
const logOf = async (upid: string): Promise<string> =>
  ((await lab.ask('ruapehu', 'GET', `${at(upid)}/log`, { form: { limit: 0 } })).json.data as Row[])
    .map((line) => line['t'])
    .join('\n');
const ruapehu = (): PveState => {
  const state = lab.lab.servers['ruapehu']?.state;
  assert.ok(state?.product === 'pve');
  return state;
};
const snapshots = async (id: string): Promise<number> =>
  (
    (await lab.ask('pbs-pihanga', 'GET', '/admin/datastore/tank/snapshots', { form: { 'backup-id': id } })).json
      .data as Row[]
  ).length;

describe('a backup to the PBS', () => {
  it('fails where the token of the storage may see the datastore and not write to it', async () => {
    const pbs = lab.lab.servers['pbs-pihanga']?.state;
    assert.ok(pbs?.product === 'pbs');
    for (const entry of pbs.acl) if (entry.authId === 'holdfast@pbs!storage') entry.role = 'DatastoreAudit';
    const before = await snapshots('101');
    const upid = await upidOf({ vmid: 101, storage: 'old-pbs' });
    assert.equal(await exitOf(upid), 'job errors');
    assert.match(await logOf(upid), /ERROR: Backup of VM 101 failed - .*permission/);
    assert.equal(await snapshots('101'), before);
  });
  it('fails where the PBS is down, and says so', async () => {
    await lab.lab.fault('pbs-pihanga', 'down');
    const exit = await exitOf(await upidOf({ vmid: 101, storage: 'old-pbs' }));
    assert.match(exit, /^could not activate storage 'old-pbs': .*Connection refused/);
  });
  it('is refused at the door of a datastore in maintenance', async () => {
    const pbs = lab.lab.servers['pbs-pihanga']?.state;
    assert.ok(pbs?.product === 'pbs');
    const [tank] = pbs.datastores.filter(({ name }) => name === 'tank');
    assert.ok(tank !== undefined);
    tank.options['maintenance-mode'] = 'type=read-only,message=new%20disks';
    const upid = await upidOf({ vmid: 101, storage: 'old-pbs' });
    assert.equal(await exitOf(upid), 'job errors');
    const words = "command error: datastore 'tank' is unavailable: read-only maintenance mode: new disks";
    assert.ok((await logOf(upid)).includes(words));
  });
  it('is encrypted where the storage has a key, and not where it has none', async () => {
    const pbs = lab.lab.servers['pbs-pihanga']?.state;
    assert.ok(pbs?.product === 'pbs');
    const modes = async () => {
      assert.equal(await exitOf(await upidOf({ vmid: 101, storage: 'old-pbs' })), 'OK');
      return pbs.snapshots.at(-1)?.files.map((file) => file['crypt-mode']);
    };
    assert.deepEqual(await modes(), ['none', 'none', 'none']);
    const form = { 'encryption-key': 'autogen' };
    assert.equal((await lab.ask('ruapehu', 'PUT', '/storage/old-pbs', { form })).status, 200);
    assert.deepEqual(await modes(), ['encrypt', 'encrypt', 'sign-only']);
  });
  it('fails where the group belongs to somebody else', async () => {
    const pbs = lab.lab.servers['pbs-pihanga']?.state;
    assert.ok(pbs?.product === 'pbs');
    for (const snapshot of pbs.snapshots) if (snapshot.id === '110') snapshot.owner = 'workshop@pbs';
    const upid = await upidOf({ vmid: 110, storage: 'old-pbs' });
    assert.equal(await exitOf(upid), 'job errors');
    assert.match(await logOf(upid), /backup owner check failed/);
  });
  it('is kept, and fails all the same, where PVE should prune and its token may not', async () => {
    const before = await snapshots('102');
    const upid = await upidOf({ vmid: 102, storage: 'old-pbs', 'prune-backups': 'keep-last=1' });
    assert.equal(await exitOf(upid), 'job errors');
    assert.match(await logOf(upid), /failed - error pruning backups/);
    assert.equal(await snapshots('102'), before + 1);
  });
  it('is pruned by PVE where its token may', async () => {
    const pbs = lab.lab.servers['pbs-pihanga']?.state;
    assert.ok(pbs?.product === 'pbs');
    for (const entry of pbs.acl) if (entry.authId === 'holdfast@pbs!storage') entry.role = 'DatastorePowerUser';
    const upid = await upidOf({ vmid: 102, storage: 'old-pbs', 'prune-backups': 'keep-last=1' });
    assert.equal(await exitOf(upid), 'OK', await logOf(upid));
    assert.equal(await snapshots('102'), 1);
  });
});

describe('a backup to a directory', () => {
  it('is an archive in the content of the storage, with its notes, and goes when retention says so', async () => {
    const once = { vmid: 110, storage: 'local', 'notes-template': '{{guestname}} on {{node}}\\nby hand' };
    assert.equal(await exitOf(await upidOf(once)), 'OK');
    assert.equal(await exitOf(await upidOf(once)), 'OK');
    const content = async () =>
      (await lab.ask('ruapehu', 'GET', '/nodes/ruapehu/storage/local/content', { form: { content: 'backup' } })).json
        .data as Row[];
    const both = await content();
    assert.equal(both.length, 2);
    assert.match(String(both[0]?.['volid']), /^local:backup\/vzdump-lxc-110-\d{4}(_\d\d){2}-(\d\d_?){3}\.tar\.zst$/);
    assert.equal(both[0]?.['notes'], 'dns on ruapehu\nby hand');
    assert.equal(await exitOf(await upidOf({ ...once, 'prune-backups': 'keep-last=2' })), 'OK');
    const left = await content();
    assert.equal(left.length, 2);
    const oldest = both.map((row) => Number(row['ctime'])).sort()[0];
    assert.ok(!left.some((row) => row['ctime'] === oldest), 'the oldest went');
  });
});

describe('a backup', () => {
  it('is refused where a right is missing that its options need', async () => {
    const state = ruapehu();
    state.acl = state.acl.filter(({ path }) => path !== '/');
    for (const option of [{ bwlimit: 1000 }, { ionice: 3 }, { performance: 'max-workers=2' }])
      assert.match((await start({ vmid: 101, storage: 'local', ...option })).phrase, /\(\/, Sys\.Modify\)$/);
    assert.match((await start({ vmid: 101, storage: 'local', stop: 1 })).phrase, /\/nodes\/ruapehu, Sys\.Modify/);
    for (const entry of state.acl) if (entry.path === '/storage') entry.role = 'PVEDatastoreUser';
    assert.match(
      (await start({ vmid: 101, storage: 'local', 'prune-backups': 'keep-last=1' })).phrase,
      /\(\/storage\/local, Datastore\.Allocate\)/,
    );
    assert.equal((await start({ vmid: 101, storage: 'local' })).status, 200);
  });
  it('is refused options that only root may set, and selections that contradict themselves', async () => {
    const answer = await start({ vmid: 101, storage: 'local', tmpdir: '/tmp', 'job-id': 'nightly' });
    const reason = 'Only root may set this option.';
    assert.deepEqual([answer.status, answer.json.errors], [400, { tmpdir: reason, 'job-id': reason }]);
    assert.equal((await start({ storage: 'local' })).status, 400);
    assert.equal((await start({ storage: 'local', vmid: 101, all: 1 })).status, 400);
    assert.equal((await start({ storage: 'local', pool: 'nobody' })).status, 403);
  });
  it('passes over guests it may not back up where all are meant, and fails where one of those was named', async () => {
    const state = ruapehu();
    state.acl.push({ path: '/vms/101', authId: 'holdfast@pve!ops', role: 'PVEAuditor', propagate: true });
    const all = await upidOf({ all: 1, storage: 'local' });
    assert.equal(await exitOf(all), 'OK');
    assert.doesNotMatch(await logOf(all), /VM 101/);
    const named = await upidOf({ vmid: '101,102', storage: 'local' });
    assert.equal(await exitOf(named), 'Permission check failed (/vms/101, VM.Backup)');
  });
  it('of a pool takes its members, and of a guest that is gone fails beside one that is there', async () => {
    const pool = await upidOf({ pool: 'drill', storage: 'local' });
    assert.equal(await exitOf(pool), 'OK');
    assert.match(await logOf(pool), /Finished Backup of VM 105/);
    const gone = await upidOf({ vmid: '101,999', storage: 'local' });
    assert.equal(await exitOf(gone), 'job errors');
    assert.match(await logOf(gone), /Finished Backup of VM 101[\s\S]*ERROR: Backup of VM 999 failed/);
  });
  it('waits for the one before it, and both end', async () => {
    const [first, second] = await Promise.all([
      upidOf({ all: 1, storage: 'local' }),
      upidOf({ vmid: 101, storage: 'local' }),
    ]);
    assert.deepEqual([await exitOf(first), await exitOf(second)], ['OK', 'OK']);
    assert.equal(ruapehu().volumes.filter(({ vmid }) => vmid === 101).length, 2);
  });
  it('leaves no lock on its guest when it is stopped, and is stopped by whoever may', async () => {
    await lab.lab.fault('ruapehu', 'task-never-ends', { count: 1 });
    const upid = await upidOf({ vmid: 101, storage: 'local' });
    while (ruapehu().guests[0]?.lock !== 'backup') await lab.ask('ruapehu', 'GET', '/version');
    const locked = (await lab.ask('ruapehu', 'GET', '/cluster/resources', { form: { type: 'vm' } })).json.data as Row[];
    assert.equal(locked.find((row) => row['vmid'] === 101)?.['lock'], 'backup');
    const other = { upid: upid.replace('holdfast@pve!ops', 'root@pam') };
    const unknown = await lab.ask('ruapehu', 'DELETE', at(other.upid));
    assert.deepEqual(unknown.json.errors, { upid: 'no such task' });
    assert.equal((await lab.ask('ruapehu', 'DELETE', at(upid))).status, 200);
    assert.equal(await exitOf(upid), 'interrupted by signal');
    assert.equal(ruapehu().guests[0]?.lock, undefined);
    assert.equal(ruapehu().volumes.length, 0);
  });
  it('to a storage for disks, or to none that there is, fails', async () => {
    assert.match(await exitOf(await upidOf({ vmid: 101, storage: 'local-zfs' })), /wrong content type/);
    assert.match(await exitOf(await upidOf({ vmid: 101, storage: 'nowhere' })), /'nowhere' does not exist/);
  });
});

describe('tasks of others', () => {
  it('are not seen without Sys.Audit on the node, and one’s own are', async () => {
    const state = ruapehu();
    const own = await upidOf({ vmid: 101, storage: 'local' });
    await exitOf(own);
    const [task] = state.tasks;
    assert.ok(task !== undefined);
    const foreign = { ...task, upid: own.replace('holdfast@pve!ops', 'root@pam'), user: 'root@pam' };
    state.tasks.push(foreign);
    const listed = async () => ((await lab.ask('ruapehu', 'GET', '/nodes/ruapehu/tasks')).json.data as Row[]).length;
    assert.equal(await listed(), 2);
    assert.equal((await lab.ask('ruapehu', 'GET', `${at(foreign.upid)}/status`)).status, 200);
    state.acl = state.acl.filter(({ path }) => path !== '/nodes' && path !== '/');
    assert.equal(await listed(), 1);
    const refused = await lab.ask('ruapehu', 'GET', `${at(foreign.upid)}/status`);
    assert.match(refused.phrase, /\(\/nodes\/ruapehu, Sys\.Audit\)/);
    assert.match((await lab.ask('ruapehu', 'DELETE', at(foreign.upid))).phrase, /Sys\.Modify/);
    assert.deepEqual((await lab.ask('ruapehu', 'GET', '/cluster/tasks')).json.data, [], 'not even one’s own here');
  });
});
