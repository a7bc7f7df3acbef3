// Where a backup needs room on the host itself, and what happens where there is none: the authority for whoever plans one
// (facts: failure-signatures section 4).
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Form, type ServerId, type TestLab, testLab } from '../ask.test-support.ts';
import type { PveState } from './state.ts';

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab({ size: 'full', taskSeconds: 0 });
});
afterEach(() => lab[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
type Ended = Readonly<{ exit: string; log: string }>;
const stateOf = (server: ServerId): PveState => {
  const state = lab.lab.servers[server]?.state;
  assert.ok(state?.product === 'pve');
  return state;
};
async function backedUp(server: ServerId, form: Form): Promise<Ended> {
  const started = await lab.ask(server, 'POST', `/nodes/${server}/vzdump`, { form });
  assert.match(String(started.json.data), /^UPID:/, started.text);
  const at = `/nodes/${server}/tasks/${encodeURIComponent(String(started.json.data))}`;
  for (;;) {
    const { status, exitstatus } = (await lab.ask(server, 'GET', `${at}/status`)).json.data as Row;
    if (status !== 'stopped') continue;
    const lines = (await lab.ask(server, 'GET', `${at}/log`, { form: { limit: 0 } })).json.data as Row[];
    return { exit: String(exitstatus), log: lines.map(({ t }) => t).join('\n') };
  }
}
const change = async (body: object): Promise<void> => {
  const answer = await fetch(`${lab.lab.control}/change`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
};
const sizesOf = async (server: ServerId, storage: string): Promise<Row> =>
  (await lab.ask(server, 'GET', `/nodes/${server}/storage/${storage}/status`)).json.data as Row;

describe('a container whose disks cannot be snapshot', () => {
  const withData = {
    server: 'hikurangi',
    guest: 102,
    set: { mp0: 'thick:vm-102-disk-0,mp=/srv/data,size=500G,backup=1' },
  };
  it('is copied to the root disk first, and its backup works where that has room', async () => {
    const { exit, log } = await backedUp('hikurangi', { vmid: 101, storage: 'old-pbs', mode: 'snapshot' });
    assert.equal(exit, 'OK', log);
    assert.match(log, /mode failure - some volumes do not support snapshots\nINFO: trying 'suspend' mode instead/);
    assert.match(log, /starting first sync \S+ to \/var\/tmp\/vzdumptmp\d+_101/);
  });
  it('fails where it is larger than what is free there', async () => {
    await change(withData);
    stateOf('hikurangi').guests = stateOf('hikurangi').guests.map((guest) =>
      guest.vmid === 102 ? { ...guest, written: 480 * 1024 ** 3 } : guest,
    );
    const { exit, log } = await backedUp('hikurangi', { vmid: 102, storage: 'old-pbs', mode: 'snapshot' });
    assert.equal(exit, 'job errors');
    assert.match(log, /rsync: \[receiver\] write failed on "\/var\/tmp\/vzdumptmp\d+_102\/.*No space left on device/);
    assert.match(log, /ERROR: Backup of VM 102 failed - command 'rsync .*' failed: exit code 11/);
  });
  it('is not copied in stop mode, nor where its disks can be snapshot (control)', async () => {
    const stopped = await backedUp('hikurangi', { vmid: 101, storage: 'old-pbs', mode: 'stop' });
    assert.equal(stopped.exit, 'OK');
    const thin = await backedUp('hikurangi', { vmid: 100, storage: 'old-pbs', mode: 'snapshot' });
    for (const { log } of [stopped, thin]) assert.doesNotMatch(log, /vzdumptmp|suspend/);
  });
});

describe('a virtual machine of 500 GB', () => {
  it('goes to the PBS without any room on the host', async () => {
    stateOf('ruapehu').hardware.root.used = stateOf('ruapehu').hardware.root.total;
    const { exit, log } = await backedUp('ruapehu', { vmid: 201, storage: 'old-pbs', mode: 'snapshot' });
    assert.equal(exit, 'OK', log);
  });
  it('finds no room for fleecing on thick storage of 375 GB, and needs none at once on thin storage', async () => {
    const form = { vmid: 201, storage: 'old-pbs', mode: 'snapshot' };
    const thick = await backedUp('ruapehu', { ...form, fleecing: 'enabled=1,storage=thick' });
    assert.equal(thick.exit, 'job errors');
    assert.match(
      thick.log,
      /lvcreate 'spare\/vm-201-fleece-0' error: +Volume group "spare" has insufficient free space/,
    );
    assert.equal((await sizesOf('ruapehu', 'thick'))['total'], 375 * 1024 ** 3);
    const thin = await backedUp('ruapehu', { ...form, fleecing: 'enabled=1,storage=local-lvm' });
    assert.equal(thin.exit, 'OK', thin.log);
  });
  it('fills the root disk where the disk of the storage is not plugged in, which looks as large as that', async () => {
    const [beneath, root] = [await sizesOf('ruapehu', 'usb-hdd'), await sizesOf('ruapehu', 'local')];
    assert.deepEqual([beneath['active'], beneath['total']], [1, root['total']]);
    const { exit, log } = await backedUp('ruapehu', { vmid: 201, storage: 'usb-hdd', mode: 'snapshot' });
    // 430 GB of data, packed, and 344 GB free: it is a matter of what was left there before.
    assert.equal(exit, 'OK', log);
    const again = await backedUp('ruapehu', { vmid: 201, storage: 'usb-hdd', mode: 'snapshot' });
    assert.equal(again.exit, 'job errors');
    assert.match(again.log, /zstd: error 70 : Write error : cannot write block : No space left on device/);
    assert.match(again.log, /ERROR: Backup of VM 201 failed - vma_queue_write: write error - Broken pipe/);
  });
  it('lands on the disk once that is plugged in (control)', async () => {
    await change({ server: 'ruapehu', disk: 'usb-hdd', set: { mounted: true } });
    assert.equal((await sizesOf('ruapehu', 'usb-hdd'))['total'], 931 * 1024 ** 3);
    const free = stateOf('ruapehu').hardware.root.used;
    assert.equal((await backedUp('ruapehu', { vmid: 201, storage: 'usb-hdd' })).exit, 'OK');
    assert.equal(stateOf('ruapehu').hardware.root.used, free);
  });
});

describe('a directory that is said to be a mount point', () => {
  it('is off, and takes nothing, while nothing is mounted there', async () => {
    await change({ server: 'hikurangi', disk: 'usb-hdd', set: { mounted: false } });
    const { active, total } = await sizesOf('hikurangi', 'usb-hdd');
    assert.deepEqual([active, total], [0, 0]);
    const { exit } = await backedUp('hikurangi', { vmid: 100, storage: 'usb-hdd' });
    assert.match(exit, /^could not activate storage 'usb-hdd': .*not mounted: '\/mnt\/usb-hdd'$/);
  });
});
