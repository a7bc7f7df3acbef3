// What goes wrong on the tests' PVE host on demand is what its name says: asked of lvs, dmsetup, the kernel and the files.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { mapperName } from './faults.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from './pve-machine.test-support.ts';

const tiny = { megabytes: 512, metadataMegabytes: 4 };

import { someOf, sweep } from '../sweep.test-support.ts';

describe('the tests’ PVE host, on demand,', { skip: unlessMachine, timeout: 900_000 }, () => {
  let machine: PveMachine;
  before(async () => {
    machine = await startPveMachine({ pool: tiny });
  });
  after(async () => await machine?.stop());

  const percent = async (what: 'data' | 'metadata') =>
    Number(await machine.must(`lvs --noheadings -o ${what}_percent pve/data`));

  if (sweep)
    it('has a pool whose data is full', async () => {
      await machine.volumes.reset();
      await machine.faults.fillData(95);
      const filled = await percent('data');
      assert.ok(filled >= 95 && filled < 97, `${filled} %`);
      await machine.faults.freeData();
      assert.ok((await percent('data')) < 5);
    });

  it('has a pool whose metadata is full', async () => {
    await machine.volumes.reset();
    const empty = await percent('metadata');
    await machine.faults.fillMetadata(85);
    const filled = await percent('metadata');
    assert.ok(filled >= 85 && filled < 88, `${filled} %, ${empty} % before`);
    assert.ok((await percent('data')) < 1, 'the data is not');
    await machine.faults.freeMetadata();
    assert.ok((await percent('metadata')) < empty + 2);
  });

  it('has volumes that hang, so that mounting one waits in D state, and go on', async () => {
    await machine.volumes.reset();
    const volume = await machine.makeVolume({ filesystem: 'ext4' });
    await machine.must(`lvcreate -qq -s -n hf_x_h pve/${volume.lv}; mkdir -p /tmp/hangs`);
    await machine.faults.hangWhenSeen('pve-hf_x_*');
    await machine.must('lvchange -ay -K pve/hf_x_h');
    await machine.must(
      'setsid mount -o ro /dev/pve/hf_x_h /tmp/hangs >/dev/null 2>&1 </dev/null & echo $! >/tmp/hanging; sleep 3',
    );
    assert.match(await machine.must('ps -o stat= -p $(cat /tmp/hanging)'), /^D/);
    assert.equal(await machine.must('dmsetup info -c --noheadings -o suspended pve-hf_x_h'), 'Suspended');
    await machine.faults.unhang();
    await machine.must('for i in $(seq 100); do mountpoint -q /tmp/hangs && break; sleep 0.2; done; umount /tmp/hangs');
    assert.equal(await machine.must(`dmsetup info -c --noheadings -o suspended ${mapperName(volume.lv)}`), 'Active');
  });

  if (sweep)
    it('has volumes that cannot be read, until they are mended', async () => {
      await machine.volumes.reset();
      const volume = await machine.makeVolume({ filesystem: 'ext4' });
      await machine.faults.breakDisk(volume);
      assert.match(
        (await machine.sh(`dd if=${volume.device} of=/dev/null count=1 iflag=direct`)).stderr,
        /Input\/output error/,
      );
      await machine.faults.mendDisk(volume);
      await machine.must(`dd if=${volume.device} of=/dev/null count=1 iflag=direct status=none`);
    });

  for (const [filesystem, luks] of someOf(1, [
    ['ext4', 'sesame'],
    ['xfs', undefined],
    ['ext4', undefined],
  ] as const))
    it(`has volumes of ${filesystem}${luks === undefined ? '' : ' in LUKS'} whose journal must be replayed for a file to be there`, async () => {
      await machine.volumes.reset();
      const volume = await machine.makeVolume({ filesystem, ...(luks === undefined ? {} : { luks }) });
      await machine.faults.dirty(volume, 'late.txt', 'only in the journal\n');
      const source = luks === undefined ? volume.device : '/dev/mapper/look';
      const open =
        luks === undefined
          ? ''
          : `printf %s '${luks}' | cryptsetup open --readonly --key-file=- ${volume.device} look;`;
      const without = filesystem === 'xfs' ? 'norecovery' : 'noload';
      const look = `${open} mkdir -p /tmp/look; mount -t ${filesystem} -o ro,${without} ${source} /tmp/look; cat /tmp/look/late.txt 2>&1; umount /tmp/look`;
      const unreplayed = await machine.sh(`${look} ${luks === undefined ? '' : '; cryptsetup close look'}`);
      assert.doesNotMatch(unreplayed.stdout, /only in the journal/);
      const at = await machine.volumes.open(volume);
      assert.equal(await machine.must(`cat ${at}/late.txt`), 'only in the journal');
      await machine.volumes.close(volume);
    });

  if (sweep)
    it('has a clock that jumps', async () => {
      await machine.faults.setClock('2027-01-04 03:00:00');
      assert.match(await machine.must('date -u +%G-W%V'), /^2027-W01$/);
      await machine.faults.setClock(new Date().toISOString());
    });

  it('loses its sessions, its port and its network, and has them again', async () => {
    const session = machine.sh('sleep 60; echo over');
    await machine.must('for i in $(seq 50); do pgrep -x sleep && break; sleep 0.1; done');
    assert.equal(await machine.faults.killSessions(), 0, 'the outer shell’s own session is spared');
    await machine.faults.closePort();
    await machine.must('pkill -x sleep');
    assert.equal((await session).stdout, 'over\n');
    await machine.faults.openPort();
    await machine.faults.cutNetwork();
    let answered = false;
    const asked = machine.must('echo there').then((text) => {
      answered = true;
      return text;
    });
    await pause(500);
    assert.equal(answered, false);
    await machine.faults.joinNetwork();
    assert.equal(await asked, 'there');
    await machine.faults.freeze();
    await machine.faults.thaw();
    assert.equal(await machine.must('echo there'), 'there');
  });
});
