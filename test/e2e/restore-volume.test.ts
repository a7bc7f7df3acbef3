// Restoring volumes in place on a real machine: LVM, file systems and LUKS in QEMU, reached over SSH as an operator's host is; the
// cluster is a kubectl with state. What is asked afterwards is asked of lvs, sha256sum and the cluster, never of Holdfast.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Cluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../pve-machine/pve-machine.test-support.ts';
import type { NewVolume } from '../pve-machine/volumes.test-support.ts';
import { someOf, sweep } from '../sweep.test-support.ts';
import { type Estate, kill, type Started, type Victim } from './estate.test-support.ts';
import { type Homelab, homelabPool, homelabsOn, homelabLv as lv } from './homelab.test-support.ts';
import { tries as triesIn } from './volumes.test-support.ts';

const key = 'a key of the volumes';

const unlessRoot = process.getuid?.() === 0 ? unlessMachine : 'it needs root';

describe('a volume in QEMU', { skip: unlessRoot, timeout: 3_600_000 }, () => {
  let machine: PveMachine;
  let cluster: Cluster;
  let estate: Estate;

  let home: Homelab | undefined;
  let homelabOf: ReturnType<typeof homelabsOn>;

  before(async () => {
    machine = await startPveMachine({ pool: homelabPool });
    homelabOf = homelabsOn(machine);
  });
  after(async () => {
    home?.close();
    await machine?.stop();
  });
  beforeEach(() => home?.close());

  async function homelab(given: Partial<NewVolume> = {}): Promise<void> {
    home = await homelabOf(given);
    ({ cluster, estate } = home);
  }
  const now = (): Homelab => {
    assert.ok(home !== undefined);
    return home;
  };
  const uuid = () => now().uuid();
  const inPod = () => now().inPod();
  const names = () => now().names();
  const held = () => now().held();
  const suspended = () => now().suspended();
  const replicas = () => now().replicas();
  const restore = ['restore', 'media/jellyfin', '--to', 'live', '--yes'] as const;

  const tries = (started: Started, step: string): Promise<string> => triesIn(estate, started, step);

  if (sweep)
    it('shows the ways back, and what to type, without doing anything', async () => {
      await homelab();
      const { status, stdout, stderr } = await estate.type('restore', 'media/jellyfin');
      assert.equal(status, 0, stderr);
      assert.match(stdout, /holdfast restore media\/jellyfin --point \S+ --to live/);
      const dry = await estate.type('restore', 'media/jellyfin', '--to', 'live', '--dry-run');
      assert.match(dry.stdout, /scale StatefulSet media\/jellyfin to 0, from 1 replica/);
      assert.equal(await inPod(), 'today');
    });

  for (const given of someOf(1, [
    { luks: key },
    {},
    { filesystem: 'xfs' },
  ] as const satisfies readonly Partial<NewVolume>[]))
    it(`is restored in place (${JSON.stringify(given)}): yesterday's files in the pod, today's in a held point (reality 4.1, 6.29)`, async () => {
      await homelab(given);
      const before = await uuid();
      const points = await names();
      const done = await estate.type(...restore);
      assert.equal(done.status, 0, `${done.stdout}${done.stderr}`);
      assert.equal(await inPod(), 'yesterday');
      assert.equal(replicas(), 1);
      assert.notEqual(await uuid(), before);
      assert.equal(await held(), 1);
      assert.equal((await names()).length, points.length + 1, 'the point, the safety point, and nothing else');
      assert.equal(await suspended(), 0);
      const back = await estate.type('--json', 'points', 'media/jellyfin');
      const [safety] = (JSON.parse(back.stdout) as { held?: string; manifest: { id: string } }[]).filter(
        (one) => one.held,
      );
      const undone = await estate.type(
        'restore',
        'media/jellyfin',
        '--point',
        safety?.manifest.id ?? '',
        '--to',
        'live',
        '--yes',
      );
      assert.equal(undone.status, 0, `${undone.stdout}${undone.stderr}`);
      assert.equal(await inPod(), 'today', 'a restore is taken back by restoring what it kept');
    });

  if (sweep)
    it('is not restored from a point whose file system is broken, and nobody is interrupted (reality 1.1q)', async () => {
      await homelab();
      const [point] = await names();
      const uid = cluster.items('pods')[0]?.metadata.uid;
      // The tables of inodes of the point, written over where it lies: what a dying disk does.
      await machine.must(
        `set -e; lvchange -prw pve/${point} || true; lvchange -ay -K pve/${point}; dd if=/dev/urandom of=/dev/pve/${point} bs=1k seek=20 count=2000 conv=fsync 2>/dev/null; lvchange -an pve/${point}`,
      );
      const tried = await estate.type(...restore);
      assert.equal(tried.status, 1, `${tried.stdout}${tried.stderr}`);
      assert.match(`${tried.stdout}${tried.stderr}`, /does not stand a check/);
      assert.equal(await inPod(), 'today');
      assert.equal(cluster.items('pods')[0]?.metadata.uid, uid, 'the pod never went');
      assert.deepEqual(await names(), [point]);
    });

  if (sweep)
    it('comes back as a volume of its own beside the live one, and never over one', async () => {
      await homelab();
      const over = await estate.type('restore', 'media/jellyfin', '--to', `pve/${lv}`, '--yes');
      assert.equal(over.status, 1, over.stderr);
      const done = await estate.type('restore', 'media/jellyfin', '--to', 'pve/rescued', '--yes');
      assert.equal(done.status, 0, `${done.stdout}${done.stderr}`);
      const read = 'mkdir -p /mnt/r; mount -o ro,noload /dev/pve/rescued /mnt/r; cat /mnt/r/library.db; umount /mnt/r';
      assert.equal(await machine.must(read), 'yesterday');
      assert.equal(await inPod(), 'today');
    });

  if (sweep)
    it('whose pod does not become ready is led back to what it had', async () => {
      await homelab();
      const before = [await uuid(), await names()];
      const started = estate.start(...restore);
      await tries(started, 'swap');
      cluster.behave({ neverReady: ['media/jellyfin*'] });
      await tries(started, 'verify');
      started.process.kill('SIGINT');
      assert.equal(await started.ended, 130, started.output());
      cluster.behave({ neverReady: [] });
      cluster.tick();
      assert.deepEqual([await uuid(), await names(), replicas()], [...before, 1]);
      assert.equal(await inPod(), 'today');
    });

  const steps = ['swap', 'prepare', 'check', 'quiesce-0', 'detach', 'safety', 'resume-0', 'verify', 'tidy'] as const;
  // Each kind of step is killed at every place in src/layers/lvm-thin/swap/killed.test.ts.
  for (const [index, step] of sweep ? steps.entries() : []) {
    const victim = (['worker', 'supervisor', 'both'] as const satisfies readonly Victim[])[index % 3] ?? 'both';
    it(`is as before, or restored as a whole, after kill -9 of ${victim} in the step ${step}`, async () => {
      await homelab();
      const before = [await uuid(), await names()];
      const started = estate.start(...restore);
      const run = await tries(started, step);
      kill(victim, started, run);
      await started.ended;
      // Whoever comes next finishes it.
      const next = await estate.type('cancel', run);
      assert.ok(next.status !== null);
      cluster.tick();
      assert.equal(replicas(), 1);
      assert.equal(await suspended(), 0);
      if ((await inPod()) === 'today') assert.deepEqual([await uuid(), await names()], before);
      else {
        assert.equal(await inPod(), 'yesterday');
        assert.equal((await names()).length, 2);
      }
    });
  }

  if (sweep)
    for (const step of ['swap', 'check', 'verify'] as const)
      it(`is as before, or restored as a whole, after its host lost power in the step ${step}`, async () => {
        await homelab();
        const before = [await uuid(), await names()];
        await machine.must('sync');
        const started = estate.start(...restore);
        await tries(started, step);
        await machine.powerOff();
        await machine.boot();
        const status = await started.ended;
        cluster.tick();
        const run = estate.journal((runs) => runs[0]);
        assert.notEqual(run?.state, 'running');
        now().open();
        assert.equal(replicas(), 1, `exit ${status}: ${started.output()}`);
        if ((await inPod()) === 'today') assert.deepEqual([await uuid(), await names()], before, started.output());
        else {
          assert.equal(await inPod(), 'yesterday');
          assert.equal((await names()).length, 2, started.output());
        }
      });
});
