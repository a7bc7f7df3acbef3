// The tests' PVE host keeps what it promises to them: asked of lvs, dmsetup, mount and the files themselves.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { attacherFor } from './attacher.test-support.ts';
import { startCluster } from './kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from './pve-machine.test-support.ts';

const tiny = { megabytes: 512, metadataMegabytes: 4 };

import { sweep } from '../sweep.test-support.ts';

describe('the tests’ PVE host', { skip: unlessMachine, timeout: 900_000 }, () => {
  let machine: PveMachine;
  before(async () => {
    machine = await startPveMachine({ pool: tiny });
  });
  after(async () => await machine?.stop());

  const names = async () =>
    (await machine.must("lvs --noheadings -o lv_name pve | tr -d ' '")).split('\n').filter(Boolean).sort();

  it('has a thin pool, a backup disk, and volumes of ext4, xfs and LUKS with their files', async () => {
    assert.match(await machine.must('findmnt -n -o SOURCE,FSTYPE /mnt/backup'), /backup-data\s+ext4/);
    const key = 'a key with spaces and an end of line\n';
    const made = [
      await machine.makeVolume({ filesystem: 'ext4', files: { 'a/b.txt': 'ext4' }, script: 'ln -s b.txt a/link' }),
      await machine.makeVolume({ filesystem: 'xfs', files: { 'a/b.txt': 'xfs' } }),
      await machine.makeVolume({ filesystem: 'ext4', luks: key, files: { 'a/b.txt': 'luks' } }),
    ];
    const types = await machine.must(made.map(({ device }) => `blkid -p -o value -s TYPE ${device}`).join('; '));
    assert.deepEqual(types.split('\n'), ['ext4', 'xfs', 'crypto_LUKS']);
    for (const [volume, text] of [...made.entries()].map(
      ([index, one]) => [one, ['ext4', 'xfs', 'luks'][index]] as const,
    )) {
      const at = await machine.volumes.open(volume);
      assert.equal(await machine.must(`cat ${at}/a/b.txt`), text);
      await machine.volumes.close(volume);
    }
    assert.equal(
      (await machine.sh(`echo wrong | cryptsetup open --test-passphrase --key-file=- ${made[2]?.device}`)).exitCode,
      2,
    );
    assert.deepEqual(await names(), ['data', 'root', ...made.map(({ lv }) => lv)].sort());
  });

  if (sweep)
    it('makes snapshots that stay inactive, and many volumes at once', async () => {
      await machine.volumes.reset();
      const made = await machine.volumes.makeMany(6);
      assert.equal(new Set(made.map(({ uuid }) => uuid)).size, 6);
      await machine.must('lvcreate -qq -s -n hf_x_one --addtag hf.run=x pve/vm-9999-pvc-0001');
      const snapshot = await machine.must('lvs --noheadings -o lv_active,lv_skip_activation,origin pve/hf_x_one');
      assert.match(snapshot, /^\s*skip activation\s+vm-9999-pvc-0001$/);
    });

  if (sweep)
    it('keeps what was synced through a power cut, brings volumes and mounts back, and loses the rest', async () => {
      await machine.volumes.reset();
      const volume = await machine.makeVolume({ filesystem: 'ext4', files: { 'kept.txt': 'before' } });
      const at = await machine.volumes.open(volume);
      await machine.must(
        `echo synced >${at}/synced; sync -f ${at}; echo lost >${at}/lost; echo kept >/mnt/backup/kept; sync`,
      );
      await machine.must(`echo lost >/mnt/backup/lost; touch /run/gone`);
      await machine.powerOff();
      await assert.rejects(async () => machine.faults.freeze(), /the machine is off/);
      await machine.boot();
      assert.equal(await machine.must(`blkid -p -o value -s TYPE ${volume.device}`), 'ext4');
      assert.match(await machine.must(`dumpe2fs -h ${volume.device} 2>/dev/null | grep features`), /needs_recovery/);
      await machine.volumes.open(volume);
      assert.equal(await machine.must(`cat ${at}/kept.txt ${at}/synced`), 'beforesynced');
      assert.equal(await machine.must('cat /mnt/backup/kept; ls /run/gone 2>&1 | wc -l'), 'kept\n1');
      assert.equal((await machine.sh('test -e /mnt/backup/lost')).exitCode, 1);
    });

  if (sweep)
    it('is reached with its own host key only, and by an ordinary user', async () => {
      const entry = machine.machineEntry('pve', 'holdfast');
      assert.ok('ssh' in entry);
      assert.match(entry.ssh.host_key, /^ssh-ed25519 [A-Za-z0-9+/=]+$/);
      assert.equal(
        await machine.must(
          "awk '{print $1, $2}' /etc/ssh/host_key.pub 2>/dev/null || ssh-keygen -y -f /etc/ssh/host_key",
        ),
        entry.ssh.host_key,
      );
      assert.equal(await machine.must('stat -c "%U %a" /home/holdfast/.ssh/authorized_keys'), 'holdfast 600');
    });

  if (sweep)
    it('finds a volume as a power cut would when a snapshot is taken while its pod writes', async () => {
      await machine.volumes.reset();
      const volume = await machine.makeVolume({ filesystem: 'ext4' });
      const at = await machine.volumes.open(volume);
      await machine.must(`echo late >${at}/late; sync -f ${at}`);
      assert.match(await machine.must(`lvs --noheadings -o lv_device_open pve/${volume.lv}`), /open/);
      await machine.must(`lvcreate -qq -s -n hf_x_dirty pve/${volume.lv}; lvchange -ay -K pve/hf_x_dirty`);
      assert.match(await machine.must('dumpe2fs -h /dev/pve/hf_x_dirty 2>/dev/null | grep features'), /needs_recovery/);
      await machine.volumes.close(volume);
      assert.equal(await machine.must('losetup -a'), '');
    });

  if (sweep)
    it('goes back to a checkpoint, with or without a power cut, whatever was left open', async () => {
      await machine.volumes.reset();
      const volume = await machine.makeVolume({ filesystem: 'ext4', luks: 'sesame', files: { 'state.txt': 'then' } });
      await machine.must('echo then >/mnt/backup/state.txt');
      await machine.checkpoint('then');
      for (const how of ['on', 'off']) {
        const at = await machine.volumes.open(volume);
        assert.equal(await machine.must(`cat ${at}/state.txt /mnt/backup/state.txt`), 'thenthen');
        await machine.must(
          `echo now | tee ${at}/state.txt /mnt/backup/state.txt; lvcreate -qq -s -n hf_x_now pve/${volume.lv}`,
        );
        if (how === 'off') await machine.powerOff();
        await machine.rollback('then');
        assert.deepEqual(await names(), ['data', 'root', volume.lv]);
      }
      await machine.volumes.reset({ megabytes: 128, metadataMegabytes: 8 });
      assert.equal(await machine.must('lvs --noheadings --units m -o lv_size pve/data | tr -d " "'), '128.00m');
      await machine.volumes.reset();
      assert.deepEqual(await names(), ['data', 'root']);
      assert.equal(await machine.must('ls /mnt/backup'), 'lost+found');
      await assert.rejects(machine.rollback('never'), /there is no checkpoint never/);
    });

  it('holds a volume open as long as a pod of the cluster has it', async () => {
    await machine.volumes.reset();
    const key = 'sesame';
    const volume = await machine.makeVolume({ filesystem: 'ext4', luks: key, files: { 'a.txt': 'of the pod' } });
    using cluster = startCluster();
    cluster.behave({ attacher: attacherFor(machine.ssh, cluster.folder, { [volume.lv]: key }) });
    cluster.volume({ namespace: 'media', claim: 'data-player-0', handle: `homelab/ruapehu/local-lvm/${volume.lv}` });
    cluster.statefulSet({ namespace: 'media', name: 'player', claimTemplates: ['data'] });
    const isOpen = async () => (await machine.must(`lvs --noheadings -o lv_device_open pve/${volume.lv}`)).trim();
    assert.equal(cluster.items('pods')[0]?.status?.phase, 'Running');
    assert.equal(await isOpen(), 'open');
    assert.equal(await machine.must(`cat /var/lib/pods/${volume.lv}/a.txt`), 'of the pod');
    cluster.scale('StatefulSet', 'media', 'player', 0);
    assert.equal(await isOpen(), '');
    await machine.must(`dd if=/dev/zero of=${volume.device} bs=1M count=20 conv=fsync status=none`);
    cluster.scale('StatefulSet', 'media', 'player', 1);
    assert.equal(
      cluster.items('pods')[0]?.status?.phase,
      'Pending',
      'a pod does not start on a volume that does not open',
    );
    assert.equal(await isOpen(), '');
  });
});
