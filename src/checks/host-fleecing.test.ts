import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupJob, HostGuest, HostStorage } from '../model/host.ts';
import { gibibytes } from '../values/size.ts';
import { ct, disk, job, now, pbs, pveHost, seen, storage, thin, vm } from './host-facts.test-support.ts';
import { hostFleecing } from './host-fleecing.ts';

const thick = (more: Partial<HostStorage> = {}) =>
  storage('fast', { type: 'lvm', content: ['images'], thick: true, free: gibibytes(20), ...more });
const judge = (target: HostStorage, more: Partial<BackupJob> = {}, guests: readonly HostGuest[] = [vm(100), ct(200)]) =>
  hostFleecing.judge(
    pveHost({ guests, storages: [thin, target, pbs()], jobs: [job('noon', { fleecing: 'fast', ...more })] }),
    now,
  );

describe('host-fleecing', () => {
  it('is silent without fleecing, on a thin storage, and where no VM of this node is taken', () => {
    assert.deepEqual(judge(thick(), { fleecing: undefined }), []);
    assert.deepEqual(judge(thick({ thick: false })), []);
    assert.deepEqual(judge(thick(), { takes: [200] }), []);
    assert.deepEqual(judge(thick(), { enabled: false }), []);
    assert.deepEqual(judge(thick(), {}, [vm(100, { node: 'hikurangi' })]), []);
  });

  it('is critical when the largest VM does not fit, and gives both sizes', () => {
    const [finding, ...more] = judge(thick(), { takes: [100, 101] }, [
      vm(100),
      vm(101, { disks: [disk(), disk({ key: 'scsi1' })] }),
    ]);
    assert.deepEqual(more, []);
    assert.equal(finding?.severity, 'critical');
    assert.match(finding.says, /takes 64\.0 GiB at once for VM 101 \(guest101\) on fast, where 20\.0 GiB are free/);
    assert.match(finding.remedy, /--fleecing enabled=1,storage=thin; or --fleecing enabled=0$/);
  });

  it('only informs when it fits, EFI and excluded disks not counted', () => {
    const small = vm(100, {
      disks: [
        disk({ size: gibibytes(8) }),
        disk({ key: 'efidisk0', size: undefined }),
        disk({ key: 'scsi1', size: gibibytes(900), leftOut: 'backup=0' }),
      ],
    });
    assert.deepEqual(seen(judge(thick(), {}, [small])), ['info backup-job/ruapehu/noon']);
  });

  it('warns when a size, the free space or the kind of storage is unknown', () => {
    for (const target of [thick({ free: undefined }), thick({ type: 'mycloud', thick: undefined }), storage('other')])
      assert.deepEqual(seen(judge(target)), ['warning backup-job/ruapehu/noon']);
    const unsized = [vm(100, { disks: [disk({ size: undefined })] })];
    assert.deepEqual(seen(judge(thick(), {}, unsized)), ['warning backup-job/ruapehu/noon']);
  });
});
