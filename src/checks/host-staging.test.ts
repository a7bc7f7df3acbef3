import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupJob, HostFacts, HostFolder, HostGuest, HostStorage } from '../model/host.ts';
import { gibibytes } from '../values/size.ts';
import { at, ct, disk, job, now, pbs, pveHost, seen, storage, thin, vm } from './host-facts.test-support.ts';
import { hostStaging } from './host-staging.ts';

const raw = storage('raw', { type: 'dir', content: ['rootdir'] });
const onRaw = (size: number, more: Partial<HostGuest> = {}) =>
  ct(200, { disks: [disk({ key: 'rootfs', storage: 'raw', size: gibibytes(size) })], ...more });
const folder = (path: string, more: Partial<HostFolder> = {}): HostFolder => ({
  ...{ path, mountPoint: '/', fileSystem: 'ext4', free: gibibytes(20), source: '/proc/self/mountinfo', at },
  ...more,
});
const judge = (
  guest: HostGuest,
  more: Partial<BackupJob> = {},
  storages: readonly HostStorage[] = [thin, raw, pbs()],
  folders = [folder('/var/tmp')],
) => {
  const facts: HostFacts = pveHost({ guests: [guest], storages, jobs: [job('nightly', more)], folders });
  return hostStaging.judge(facts, now);
};

describe('host-staging', () => {
  it('is silent about a container that is snapshotted, or stopped for its backup', () => {
    assert.deepEqual(judge(ct(200)), []);
    assert.deepEqual(judge(onRaw(500), { mode: 'stop' }), []);
  });

  it('does not claim that a container is copied while it does not run: vzdump then reads its volumes', () => {
    const [finding] = judge(onRaw(500, { running: false }));
    assert.equal(finding?.severity, 'warning');
    assert.match(finding.says, /^job nightly may copy CT 200/);
    assert.match(finding.cause, /; it does not run now, and is copied only while it runs$/);
    assert.equal(judge(onRaw(8, { running: false }))[0]?.severity, 'info', 'it would fit');
    assert.equal(judge(onRaw(500, { running: undefined }))[0]?.severity, 'critical', 'unknown is not stopped');
  });

  it('is never about a VM: it goes to PBS without staging, however large, in any mode, without fleecing', () => {
    const huge = vm(200, { disks: [disk({ storage: 'raw', size: gibibytes(90_000) })] });
    for (const mode of ['snapshot', 'suspend', 'stop'] as const) assert.deepEqual(judge(huge, { mode }), [], mode);
  });

  it('is critical when the container is larger than what is free, and gives both sizes', () => {
    const [finding] = judge(onRaw(500));
    assert.equal(finding?.severity, 'critical');
    assert.match(
      finding.says,
      /CT 200 \(guest200\) whole, up to 500 GiB, to \/var\/tmp on the root disk, where 20\.0 GiB are free/,
    );
    assert.match(finding.cause, /rootfs lies on storage raw \(dir\), which has no snapshots/);
    assert.match(
      finding.remedy,
      /^pct move-volume 200 rootfs thin; or pvesh set \/cluster\/backup\/nightly --mode stop/,
    );
  });

  it('is critical about suspend mode even where snapshots could be had', () => {
    const [finding] = judge(ct(200, { disks: [disk({ key: 'rootfs', size: gibibytes(50) })] }), { mode: 'suspend' });
    assert.deepEqual([finding?.severity, finding?.cause], ['critical', 'the mode is suspend']);
    assert.match(finding?.remedy ?? '', /--mode snapshot/);
  });

  it('only informs when it fits, and warns when a size is unknown', () => {
    assert.deepEqual(seen(judge(onRaw(8))), ['info guest/ruapehu/200']);
    const unsized = ct(200, { disks: [disk({ key: 'rootfs', storage: 'raw', size: undefined })] });
    assert.deepEqual(seen(judge(unsized)), ['warning guest/ruapehu/200']);
    assert.deepEqual(seen(judge(onRaw(8), {}, undefined, [])), ['warning guest/ruapehu/200']);
  });

  it('counts only what the backup takes', () => {
    const mount = disk({ key: 'mp0', storage: 'raw', size: gibibytes(900), leftOut: 'no backup=1' });
    assert.deepEqual(judge(ct(200, { disks: [disk({ key: 'rootfs', size: gibibytes(8) }), mount] })), []);
    const both = onRaw(8, { disks: [disk({ key: 'rootfs', storage: 'raw', size: gibibytes(8) }), mount] });
    assert.deepEqual(seen(judge(both)), ['info guest/ruapehu/200']);
  });

  it('warns when the kind of storage is not known, since it may have no snapshots', () => {
    const custom = storage('raw', { type: 'mycloud', snapshots: undefined });
    const [finding] = judge(onRaw(8), {}, [custom, pbs()]);
    assert.equal(finding?.severity, 'warning');
    assert.match(finding.says, /may copy/);
    assert.match(judge(onRaw(8), {}, [pbs()])[0]?.cause ?? '', /not in storage\.cfg/);
  });

  it('looks where vzdump would stage: its tmpdir, else beside the archive on a fit file system, else /var/tmp', () => {
    const places = [
      folder('/var/tmp', { free: gibibytes(1) }),
      folder('/big', { mountPoint: '/big', free: gibibytes(4000) }),
      folder('/mnt/usb', { mountPoint: '/mnt/usb', free: gibibytes(100) }),
    ];
    const usb = storage('usb', { path: '/mnt/usb' });
    const says = (more: Partial<BackupJob>, target = usb, at = places) =>
      judge(onRaw(500), more, [raw, target, pbs()], at)[0]?.says ?? '';
    assert.match(says({ tmpdir: '/big' }), /to \/big, where 3\.91 TiB/);
    assert.match(says({ storage: 'usb' }), /to \/mnt\/usb\/dump, where 100 GiB/);
    const cifs = storage('usb', { path: '/mnt/pve/usb', type: 'cifs' });
    assert.match(says({ storage: 'usb' }, cifs), /to \/var\/tmp on the root disk/);
    const nfs = storage('usb', { path: '/mnt/pve/usb', type: 'nfs', free: gibibytes(7) });
    assert.match(says({ storage: 'usb' }, nfs), /to \/mnt\/pve\/usb\/dump, where 7\.00 GiB/);
    assert.match(says({ storage: undefined, dumpdir: '/mnt/usb' }), /to \/mnt\/usb, where/);
  });

  it('leaves guests of other nodes, templates and disabled jobs alone', () => {
    assert.deepEqual(judge(onRaw(500, { node: 'hikurangi' })), []);
    assert.deepEqual(judge(onRaw(500, { template: true })), []);
    assert.deepEqual(judge(onRaw(500), { enabled: false }), []);
  });
});
