// Sealed snapshots opened and given back on real LVM, LUKS, ext4 and xfs. Asked is the machine itself, by a shell of its own.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { mapperName } from '../../../../test/pve-machine/faults.test-support.ts';
import { unlessMachine } from '../../../../test/pve-machine/pve-machine.test-support.ts';
import { someOf, sweep } from '../../../../test/sweep.test-support.ts';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { RunId } from '../../../model/run.ts';
import type { Step } from '../../../model/step.ts';
import { seconds } from '../../../values/duration.ts';
import { listVolumes } from '../lvm/list.ts';
import { snapshotsIn } from '../lvm/snapshots.ts';
import { fault } from '../trees.test-support.ts';
import { contentIn } from './content.ts';
import { closeVolume, openVolume } from './open.ts';
import { preflight } from './preflight.ts';
import { type Pve, startPve } from './pve.test-support.ts';
import { type Volume, volumeOf } from './volume.ts';

const key = (name: string) => ({ file: `/keys/${name}` });

describe('what blkid says of a device', () => {
  it('is a file system that is mounted here, LUKS, or something that is not', () => {
    assert.deepEqual(contentIn('DEVNAME=/dev/x\nUUID=1\nTYPE=ext4\n'), { is: 'filesystem', type: 'ext4' });
    assert.deepEqual(contentIn('UUID=1\nTYPE=crypto_LUKS\n'), { is: 'luks', uuid: '1' });
    assert.deepEqual(contentIn('TYPE=ntfs\n'), { is: 'unsupported', type: 'ntfs' });
    assert.deepEqual(contentIn('PTTYPE=gpt\n'), { is: 'unsupported', type: 'a partition table (gpt)' });
  });
});

describe('a sealed snapshot', { skip: unlessMachine, timeout: 3_000_000 }, () => {
  let host: Pve;
  const logs: string[] = [];
  before(async () => {
    host = await startPve();
  });
  after(async () => await host?.stop());
  afterEach(async () => {
    await host.pve.faults.unhang();
    await host.pve.volumes.reset();
    host.keys.clear();
    host.memory.clear();
    logs.length = 0;
  });

  const contextOf = (run: string, over?: (machine: Machine) => Machine): StepContext => ({
    ...{
      run: run as RunId,
      path: 'copy',
      step: {} as Step,
      world: host.world(over),
      folder: `/run/holdfast/${run}`,
    },
    ...{ signal: new AbortController().signal, results: new Map(), progress: () => {}, take: () => {} },
    log: (line) => void logs.push(line),
  });
  const machineOf = ({ world }: StepContext) => world.machine('pve');
  const volumesOf = async (): Promise<readonly Volume[]> => {
    const listed = await listVolumes(machineOf(contextOf('look')), 'pve');
    return snapshotsIn(listed).sealed.map(volumeOf);
  };
  const onlyVolume = async (): Promise<Volume> => {
    const [volume] = await volumesOf();
    assert.ok(volume !== undefined);
    return volume;
  };

  if (sweep)
    for (const filesystem of ['ext4', 'xfs'] as const)
      it(`of a clean ${filesystem} is read as it is, and nothing of it can be written to (reality 1.2k)`, async () => {
        const made = await host.pve.makeVolume({ filesystem, files: { 'a/b.txt': 'kept' } });
        const { lv } = await host.seal(made.lv, 'r0');
        const [before, sum] = [await host.state(), await host.sum(lv)];
        const context = contextOf('run1');
        const opened = await openVolume(machineOf(context), await onlyVolume(), [], context);
        assert.deepEqual([opened.cloned, opened.encrypted, opened.filesystem], [false, false, filesystem]);
        assert.equal(await host.pve.must(`cat ${opened.tree}/a/b.txt`), 'kept');
        const options = await host.pve.must(`findmnt -n -o OPTIONS ${opened.tree}`);
        for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.match(options, new RegExp(`\\b${option}\\b`));
        assert.equal(await host.pve.must(`blockdev --getro /dev/pve/${lv}`), '1');
        assert.notEqual(
          (await host.pve.sh(`dd if=/dev/zero of=/dev/pve/${lv} count=1 conv=notrunc,fsync`)).exitCode,
          0,
        );
        await closeVolume(machineOf(context), await onlyVolume(), context);
        await closeVolume(machineOf(context), await onlyVolume(), context);
        assert.deepEqual([await host.state(), await host.sum(lv)], [before, sum]);
      });

  for (const [what, given] of someOf(1, [
    ['LUKS with ext4 inside', { filesystem: 'ext4', luks: 'the right key' }],
    ['xfs', { filesystem: 'xfs' }],
    ['ext4', { filesystem: 'ext4' }],
  ] as const))
    it(`of ${what} with a dirty journal is read from a throw-away clone, all of it, and stays bit for bit what it was (reality 1.2j, 1.2k, 6.9)`, async () => {
      host.keys.set('/keys/right', 'the right key');
      const made = await host.pve.makeVolume(given);
      await host.pve.faults.dirty(made, 'late.txt', 'stands only in the journal');
      const { lv } = await host.seal(made.lv, 'r0');
      const [before, sum] = [await host.state(), await host.sum(lv)];
      const context = contextOf('run1');
      const opened = await openVolume(machineOf(context), await onlyVolume(), [key('right')], context);
      assert.deepEqual([opened.cloned, opened.encrypted], [true, 'luks' in given]);
      assert.equal(await host.pve.must(`cat ${opened.tree}/late.txt`), 'stands only in the journal');
      await closeVolume(machineOf(context), await onlyVolume(), context);
      assert.deepEqual([await host.state(), await host.sum(lv)], [before, sum]);
    });

  if (sweep)
    it('of LUKS is opened by whichever declared key fits, which is then tried first; a wrong one is said before any copy (reality 2.21, 6.10)', async () => {
      host.keys.set('/keys/wrong', 'not this one');
      host.keys.set('/keys/right', 'the right key');
      const one = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'the right key' });
      const other = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'a key that nobody declared' });
      const lined = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'the right key\n' });
      const plain = await host.pve.makeVolume({ filesystem: 'ext4' });
      const raw = await host.pve.makeVolume({ filesystem: 'none' });
      await host.pve.must(
        `pvcreate -qq -ff -y --config 'devices{filter=["a|.*|"]}' /dev/pve/${raw.lv} || mkswap /dev/pve/${raw.lv}`,
      );
      for (const [{ lv }, claim] of [
        [one, 'a/one'],
        [other, 'b/other'],
        [lined, 'c/lined'],
        [plain, 'd/plain'],
        [raw, 'e/raw'],
      ] as const)
        await host.seal(lv, 'r0', { claim });
      const before = await host.state();
      const context = contextOf('run1');
      const keys = [key('absent'), key('wrong'), key('right')];
      const looked = await preflight(machineOf(context), await volumesOf(), keys, context);
      const told = Object.fromEntries(looked.map(({ volume, problem }) => [volume.label, problem?.code]));
      assert.deepEqual(told, {
        ...{ 'a/one': undefined, 'b/other': 'luks-key-wrong', 'c/lined': undefined, 'd/plain': undefined },
        'e/raw': 'volume-unsupported',
      });
      assert.deepEqual([...host.memory.values()], ['file /keys/right', 'file /keys/right']);
      assert.equal(await host.state(), before, 'nothing is left open by looking');
      const tried: number[] = [];
      const counting = contextOf('run2', (machine) => ({
        ...machine,
        run: (argv, options) => {
          if (argv.includes('--test-passphrase')) tried.push(1);
          return machine.run(argv, options);
        },
      }));
      const only = (await volumesOf()).filter(({ label }) => label === 'a/one');
      await preflight(machineOf(counting), only, keys, counting);
      assert.equal(tried.length, 1);
      const [without] = await preflight(machineOf(counting), only, [], counting);
      assert.equal(without?.problem?.code, 'luks-key-missing');
    });

  if (sweep)
    it('is given back by another process after a power cut in the middle, and by one after a kill at any step of opening it (reality 6.2)', async () => {
      host.keys.set('/keys/right', 'the right key');
      const made = await host.pve.makeVolume({ filesystem: 'ext4', luks: 'the right key' });
      const { lv } = await host.seal(made.lv, 'r0');
      const [before, sum] = [await host.state(), await host.sum(lv)];
      const volume = await onlyVolume();
      let calls = 0;
      const changing = ['lvchange', 'blockdev', 'lvcreate', 'cryptsetup', 'mkdir', 'mount'];
      for (let stop = sweep ? 1 : 5, whole = false; !whole; stop += 1) {
        calls = 0;
        const context = contextOf('run1', (machine) => ({
          ...machine,
          run: async (argv, options) => {
            if (changing.includes(argv[0])) calls += 1;
            const ended = await machine.run(argv, options);
            if (calls === stop && changing.includes(argv[0])) throw new Error('killed');
            return ended;
          },
        }));
        whole = await openVolume(machineOf(context), volume, [key('right')], context).then(
          () => true,
          () => false,
        );
        const next = contextOf('run1');
        await closeVolume(machineOf(next), volume, next);
        assert.equal(await host.state(), before, `killed after ${stop} commands`);
      }
      assert.ok(calls >= 6, `${calls} commands change something`);
      const context = contextOf('run1');
      await openVolume(machineOf(context), volume, [key('right')], context);
      await host.powerCut();
      await host.pve.boot();
      const next = contextOf('run1');
      await closeVolume(machineOf(next), volume, next);
      assert.match(await host.state(), /hf_r0_/);
      assert.doesNotMatch(await host.state(), /hf_run1_/);
      assert.equal(await host.sum(lv), sum);
    });

  if (sweep)
    it('whose mount hangs is given up after its deadline, and given back once it hangs no more (reality 1.2l, 2.2)', async () => {
      const made = await host.pve.makeVolume({ filesystem: 'ext4' });
      await host.pve.faults.dirty(made, 'late.txt', 'x');
      await host.seal(made.lv, 'r0');
      const before = await host.state();
      let hung = false;
      const context = contextOf('run1', (machine) => ({
        ...machine,
        run: async (argv, options = {}) => {
          const clone = argv.find((one) => one.startsWith('/dev/pve/hf_run1_c_'));
          if (argv[0] !== 'mount' || clone === undefined) return machine.run(argv, options);
          await host.pve.faults.hang(mapperName(clone.slice('/dev/pve/'.length)));
          hung = true;
          return machine.run(argv, { ...options, deadline: seconds(5) });
        },
      }));
      const volume = await onlyVolume();
      await assert.rejects(openVolume(machineOf(context), volume, [], context), (error) => {
        assert.ok(error instanceof Fault && ['command-overdue', 'command-stays'].includes(error.code), String(error));
        return true;
      });
      assert.ok(hung, 'the clone hung before it was mounted');
      await host.pve.faults.unhang();
      const next = contextOf('run1');
      await closeVolume(machineOf(next), volume, next);
      assert.equal(await host.state(), before);
    });

  it('that was replaced by another one of its name is not opened', async () => {
    const made = await host.pve.makeVolume({ filesystem: 'ext4' });
    const { lv } = await host.seal(made.lv, 'r0');
    const volume = await onlyVolume();
    await host.pve.must(`lvremove -qq -y pve/${lv}; lvcreate -qq -s -n ${lv} pve/${made.lv}`);
    const context = contextOf('run1');
    await assert.rejects(openVolume(machineOf(context), volume, [], context), fault('snapshot-gone'));
  });
});
