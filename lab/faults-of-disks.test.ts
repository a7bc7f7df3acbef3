// Faults that are a state of a server, or of the disk below it, in the words of real logs (facts: failure-signatures F5 to F11).
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Form, type ServerId, type TestLab, testLab } from './ask.test-support.ts';
import type { PbsState } from './pbs/state.ts';

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab({ size: 'full', taskSeconds: 0 });
});
afterEach(() => lab[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
const pbs = (): PbsState => {
  const state = lab.lab.servers['pbs-pihanga']?.state;
  assert.ok(state?.product === 'pbs');
  return state;
};
const journal = (): string =>
  pbs()
    .journal.map(({ line }) => line)
    .join('\n');
async function backedUp(server: ServerId, form: Form): Promise<Readonly<{ exit: string; log: string }>> {
  const started = await lab.ask(server, 'POST', `/nodes/${server}/vzdump`, { form: { storage: 'old-pbs', ...form } });
  const at = `/nodes/${server}/tasks/${encodeURIComponent(String(started.json.data))}`;
  for (;;) {
    const { status, exitstatus } = (await lab.ask(server, 'GET', `${at}/status`)).json.data as Row;
    if (status !== 'stopped') continue;
    const lines = (await lab.ask(server, 'GET', `${at}/log`, { form: { limit: 0 } })).json.data as Row[];
    return { exit: String(exitstatus), log: lines.map(({ t }) => t).join('\n') };
  }
}
const status = () => lab.ask('pbs-pihanga', 'GET', '/admin/datastore/pbs-datastore/status');
const control = (method: string, path: string, body: object) =>
  fetch(`${lab.lab.control}${path}`, { method, body: JSON.stringify(body) });

describe('stale-nfs', () => {
  const words = 'unable to open chunk store at "/mnt/pbs-datastore/.chunks" - No such file or directory (os error 2)';
  it('fails every guest of every host at the door, and leaves no task on the PBS', async () => {
    await lab.lab.fault('pbs-pihanga', 'stale-nfs');
    const before = pbs().tasks.length;
    const vm = await backedUp('ruapehu', { vmid: 109 });
    assert.equal(vm.exit, 'job errors');
    const why = `VM 109 qmp command 'backup' failed - backup connect failed: command error: ${words}`;
    assert.ok(vm.log.includes(`ERROR: ${why}\nINFO: aborting backup job\nINFO: resuming VM again`), vm.log);
    assert.ok(vm.log.includes(`ERROR: Backup of VM 109 failed - ${why}`));
    const ct = await backedUp('hikurangi', { vmid: 100 });
    assert.ok(ct.log.includes(`INFO: Error: ${words}\n`), ct.log);
    assert.match(ct.log, /ERROR: Backup of VM 100 failed - command 'lxc-usernsexec .*' failed: exit code 255/);
    assert.equal(pbs().tasks.length, before);
    assert.match(
      journal(),
      /proxmox-backup-proxy\[\d+\]: GET \/api2\/json\/backup\?backup-id=109&.*: 400 Bad Request:/,
    );
  });
  it('shows in every look into the datastore, on the PBS and on each host, and nowhere else', async () => {
    await lab.lab.fault('pbs-pihanga', 'stale-nfs');
    const asked = await status();
    assert.deepEqual([asked.status, asked.text], [400, words]);
    const path = '/nodes/pihanga/storage/old-pbs/status';
    assert.equal(((await lab.ask('pihanga', 'GET', path)).json.data as Row)['active'], 0);
    assert.equal((await lab.ask('pbs-pihanga', 'GET', '/config/datastore')).status, 200);
    assert.equal((await lab.ask('pbs-pihanga', 'GET', '/version')).status, 200);
    const none = await lab.ask('pbs-pihanga', 'GET', '/admin/datastore/pbs-datastore/status', { login: null });
    assert.equal(none.status, 401);
  });
  it('ends when the services are started anew, and not before', async () => {
    await lab.lab.fault('pbs-pihanga', 'stale-nfs');
    assert.equal((await status()).status, 400);
    assert.equal((await control('POST', '/restart', { server: 'ruapehu' })).status, 400);
    assert.equal((await status()).status, 400);
    assert.equal((await control('POST', '/restart', { server: 'pbs-pihanga' })).status, 200);
    assert.equal((await status()).status, 200);
    assert.equal((await backedUp('ruapehu', { vmid: 200 })).exit, 'OK');
  });
});

describe('full-datastore', () => {
  it('breaks a backup off halfway, in a task of the PBS that never finished', async () => {
    await lab.lab.fault('pbs-pihanga', 'full-datastore');
    const before = pbs().snapshots.length;
    const { exit, log } = await backedUp('ruapehu', { vmid: 109 });
    assert.equal(exit, 'job errors');
    assert.match(
      log,
      /failed - backup write data failed: command error: .*write failed: No space left on device \(os error 28\)/,
    );
    assert.equal(pbs().tasks.at(-1)?.exitStatus, 'backup ended but finished state is not set.');
    assert.equal(pbs().snapshots.length, before);
    assert.equal(((await status()).json.data as Row)['avail'], 0);
  });
  it('is over with the fault', async () => {
    const { used } = (await status()).json.data as Row;
    await lab.lab.fault('pbs-pihanga', 'full-datastore', { object: 'pbs-datastore' });
    await lab.lab.clear();
    assert.equal(((await status()).json.data as Row)['used'], used);
    await assert.rejects(lab.lab.fault('pbs-pihanga', 'full-datastore', { object: 'none' }), /no datastore 'none'/);
  });
});

describe('failed-verify', () => {
  const newest = async (id: string): Promise<Row> => {
    const form = { 'backup-type': 'vm', 'backup-id': id };
    const found = await lab.ask('pbs-pihanga', 'GET', '/admin/datastore/pbs-datastore/snapshots', { form });
    return (found.json.data as Row[]).reduce((one, other) =>
      Number(other['backup-time']) > Number(one['backup-time']) ? other : one,
    );
  };
  it('is in the newest snapshot of the group and in the log of the task that found it', async () => {
    await lab.lab.fault('pbs-pihanga', 'failed-verify', { object: 'vm/109' });
    const { verification } = await newest('109');
    const { state, upid } = verification as Row;
    assert.equal(state, 'failed');
    const task = pbs().tasks.find((one) => one.upid === upid);
    assert.equal(task?.exitStatus, 'verification failed - please check the log for details');
    assert.match(
      task?.log.join('\n') ?? '',
      /Data blob has wrong CRC checksum\."[\s\S]*Failed to verify[\s\S]*\tvm\/109\//,
    );
    assert.notEqual(((await newest('200'))['verification'] as Row | undefined)?.['state'], 'failed');
  });
  it('is as it was once it is over', async () => {
    const before = await newest('109');
    await lab.lab.fault('pbs-pihanga', 'failed-verify', { object: 'vm/109' });
    await lab.lab.clear();
    assert.deepEqual((await newest('109'))['verification'], before['verification']);
  });
});

describe('page-cache-memory', () => {
  it('shows the VM of the PBS at 96% on its host, and no other guest', async () => {
    const shares = async () =>
      ((await lab.ask('pihanga', 'GET', '/nodes/pihanga/qemu')).json.data as Row[]).map(
        ({ vmid, mem, maxmem }) => [Number(vmid), Number(mem) / Number(maxmem)] as const,
      );
    assert.ok((await shares()).every(([, share]) => share < 0.6));
    await lab.lab.fault('pihanga', 'page-cache-memory');
    for (const [vmid, share] of await shares()) assert.equal(share > 0.9, vmid === 101, `${vmid}: ${share}`);
    await assert.rejects(lab.lab.fault('pihanga', 'page-cache-memory', { count: 2 }), /takes no 'count'/);
  });
});

describe('start-storm', () => {
  it('leaves in the journal of the PBS the line of clients that have hung up', async () => {
    await lab.lab.fault('pbs-pihanga', 'start-storm', { count: 1 });
    await assert.rejects(status());
    assert.match(journal(), /Failed to get api service: Transport endpoint is not connected \(os error 107\)/);
  });
});
