import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { GuestDisk, HostGuest } from '../model/host.ts';
import { ct, disk, job, now, pveHost, seen, vm } from './host-facts.test-support.ts';
import { hostUnprotectedDisk } from './host-unprotected-disk.ts';

const judge = (guest: HostGuest, takes = [100, 200]) =>
  hostUnprotectedDisk.judge(pveHost({ guests: [guest], jobs: [job('nightly', { takes })] }), now);
const vmDisk = (more: Partial<GuestDisk>) => judge(vm(100, { disks: [disk(), disk({ key: 'scsi1', ...more })] }));
const ctDisk = (more: Partial<GuestDisk>) => judge(ct(200, { disks: [disk({ key: 'mp0', ...more })] }));

describe('host-unprotected-disk', () => {
  it('is silent when every disk is in the backup', () => {
    assert.deepEqual(judge(vm(100)), []);
  });

  it('names each disk that is left out, and gives the command that takes it in', () => {
    const [off] = vmDisk({ value: 'thin:vm-100-disk-1,backup=0,size=100G', leftOut: 'backup=0' });
    assert.equal(off?.subject, 'guest-disk/ruapehu/100/scsi1');
    assert.equal(off.remedy, "qm set 100 --scsi1 'thin:vm-100-disk-1,size=100G'");
    const [mount] = ctDisk({ value: 'thin:vm-200-disk-1,mp=/data,size=8G', leftOut: 'no backup=1' });
    assert.equal(mount?.remedy, "pct set 200 --mp0 'thin:vm-200-disk-1,mp=/data,size=8G,backup=1'");
  });

  it('asks for another way where vzdump has none: bind mounts and devices', () => {
    assert.deepEqual(seen(ctDisk({ volume: '/srv/music', leftOut: 'bind mount' })), [
      'info guest-disk/ruapehu/200/mp0',
    ]);
    assert.deepEqual(seen(vmDisk({ volume: '/dev/sdb', leftOut: 'device of the host' })), [
      'warning guest-disk/ruapehu/100/scsi1',
    ]);
  });

  it('leaves a guest that is in no job to host-unprotected-guest', () => {
    const guest = vm(100, { disks: [disk({ leftOut: 'backup=0' })] });
    assert.deepEqual(judge(guest, [200]), []);
    assert.equal(judge(guest).length, 1);
  });

  it('prints a command whose argument a shell takes as one word, whatever is in it', () => {
    const value = "thin:vm-100-disk-1,serial=$(touch /tmp/x)';`id`,backup=0";
    const [finding] = vmDisk({ value, leftOut: 'backup=0' });
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${finding?.remedy.replace('qm set', '')}`]).toString();
    assert.deepEqual(words.trim().split('\n'), ['100', '--scsi1', value.replace(',backup=0', '')]);
  });
});
