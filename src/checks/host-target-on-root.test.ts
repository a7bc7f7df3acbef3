import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupJob, HostFolder, HostStorage } from '../model/host.ts';
import { gibibytes } from '../values/size.ts';
import { at, disk, job, now, pbs, pveHost, seen, storage, vm } from './host-facts.test-support.ts';
import { hostTargetOnRoot } from './host-target-on-root.ts';

const usb = (more: Partial<HostStorage> = {}) => storage('usb', { path: '/mnt/usb', ...more });
const on = (mountPoint: string, path = '/mnt/usb', free = gibibytes(20)): HostFolder => ({
  ...{ path, mountPoint, fileSystem: 'ext4', free, source: '/proc/self/mountinfo', at },
});
const judge = (target: HostStorage, folder: HostFolder, more: Partial<BackupJob> = {}) =>
  hostTargetOnRoot.judge(
    pveHost({ storages: [target, pbs()], folders: [folder], jobs: [job('weekly', { takes: [100], ...more })] }),
    now,
  );

describe('host-target-on-root', () => {
  it('is silent where a disk is mounted, or demanded, or nothing is backed up there', () => {
    assert.deepEqual(judge(usb(), on('/mnt/usb')), []);
    assert.deepEqual(judge(usb({ mountDemanded: true }), on('/')), []);
    assert.deepEqual(judge(usb({ content: ['iso'] }), on('/')), []);
    assert.deepEqual(judge(usb({ disabled: true }), on('/')), []);
    assert.deepEqual(judge(usb({ nodes: ['hikurangi'] }), on('/')), []);
  });

  it('warns of an entry whose disk is not mounted, even before a job uses it', () => {
    const findings = judge(usb(), on('/'));
    assert.deepEqual(seen(findings), ['warning pve-storage/ruapehu/usb']);
    assert.match(findings[0]?.remedy ?? '', /pvesm set usb --is_mountpoint yes/);
  });

  it('is critical when a job sends more there than is free, and gives both sizes', () => {
    const [finding] = judge(usb(), on('/'), { storage: 'usb' });
    assert.equal(finding?.severity, 'critical');
    assert.match(finding.says, /20\.0 GiB are free; the guests that go there have disks of 32\.0 GiB/);
    assert.deepEqual(seen(judge(usb(), on('/', '/mnt/usb', gibibytes(90)), { storage: 'usb' })), [
      'warning pve-storage/ruapehu/usb',
    ]);
  });

  it('lets `local` be, until a job writes to it', () => {
    const local = storage('local', { path: '/var/lib/vz' });
    assert.deepEqual(judge(local, on('/', '/var/lib/vz')), []);
    const [finding] = judge(local, on('/', '/var/lib/vz'), { storage: 'local' });
    assert.equal(finding?.remedy, 'pvesh set /cluster/backup/weekly --storage pbs1');
    assert.deepEqual(judge(local, on('/var/lib/vz', '/var/lib/vz'), { storage: 'local' }), []);
  });

  it("looks at a job's own folder, too", () => {
    const own = { storage: undefined, dumpdir: '/mnt/usb' };
    assert.deepEqual(seen(judge(pbs(), on('/'), own)), ['critical backup-job/ruapehu/weekly']);
    assert.deepEqual(judge(pbs(), on('/mnt/usb'), own), []);
  });

  it('makes no figure up where a size is unknown', () => {
    const guests = [vm(100, { disks: [disk({ size: undefined })] })];
    const facts = pveHost({ guests, storages: [usb()], folders: [on('/')], jobs: [job('weekly', { storage: 'usb' })] });
    assert.deepEqual(seen(hostTargetOnRoot.judge(facts, now)), ['warning pve-storage/ruapehu/usb']);
  });
});
