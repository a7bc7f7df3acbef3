// Restoring volumes in place on a real machine: LVM, file systems and LUKS in QEMU, reached over SSH as an operator's host is; the
// cluster is a kubectl with state. What is asked afterwards is asked of lvs, sha256sum and the cluster, never of Holdfast.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Cluster, startCluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../pve-machine/pve-machine.test-support.ts';
import type { NewVolume } from '../pve-machine/volumes.test-support.ts';
import { someOf } from '../sweep.test-support.ts';
import { type Estate, estateIn, kill, type Started, until, type Victim } from './estate.test-support.ts';

const pool = { megabytes: 2048, metadataMegabytes: 8 };
const lv = 'vm-9999-pvc-0a0a0a0a-1111-4222-8333-444455556666';
const key = 'a key of the volumes';

const unlessRoot = process.getuid?.() === 0 ? unlessMachine : 'it needs root';

describe('a volume in QEMU', { skip: unlessRoot, timeout: 3_600_000 }, () => {
  let machine: PveMachine;
  let cluster: Cluster;
  let estate: Estate;

  before(async () => {
    machine = await startPveMachine({ pool });
    await machine.checkpoint('empty');
  });
  after(async () => await machine?.stop());
  beforeEach(async () => {
    estate?.close();
    cluster?.[Symbol.dispose]();
  });

  const ready = new Set<string>();

  /**
   * One volume with today's and yesterday's files: a sealed point of yesterday, and today live in a pod that has it mounted. The
   * volume and its point are made once of each kind.
   */
  async function homelab(given: Partial<NewVolume> = {}): Promise<void> {
    const name = `${given.filesystem ?? 'ext4'}${given.luks === undefined ? '' : '-luks'}`;
    if (ready.has(name)) await machine.rollback(name);
    else {
      await machine.rollback('empty');
      await machine.makeVolume({ name: lv, filesystem: 'ext4', files: { 'library.db': 'yesterday' }, ...given });
    }
    cluster = startCluster();
    cluster.behave({ attacher: [attacher(cluster.folder, given.luks)] });
    cluster.volume({ namespace: 'media', claim: 'jellyfin', handle: `homelab/ruapehu/local-lvm/${lv}` });
    estate = estateIn(estateText(), 'homelab');
    writeFileSync(join(estate.folder, 'key'), key, { mode: 0o600 });
    if (!ready.has(name)) {
      const taken = await estate.type('run', 'volumes', '--now');
      assert.equal(taken.status, 0, `${taken.stdout}${taken.stderr}`);
      await machine.checkpoint(name);
      ready.add(name);
    }
    cluster.statefulSet({ namespace: 'media', name: 'jellyfin', replicas: 1, claims: ['jellyfin'] });
    await machine.must(`echo today > /var/lib/pods/${lv}/library.db; sync`);
  }

  /** What the CSI driver and the kubelet do: the volume is active and mounted while it is attached. */
  function attacher(folder: string, luks: string | undefined): string {
    const program = join(folder, 'attacher');
    const { ssh } = machine;
    const options = `-F none -i ${ssh.keyFile} -p ${ssh.port} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=QUIET`;
    const source = luks === undefined ? '/dev/pve/$LV' : '/dev/mapper/pod-$LV';
    const unlock =
      luks === undefined ? '' : `printf %s '${luks}' | cryptsetup open --key-file=- /dev/pve/$LV pod-$LV &&`;
    const lock = luks === undefined ? '' : '&& cryptsetup close pod-$LV';
    writeFileSync(
      program,
      `#!/bin/sh
LV=$3
case $1 in
attach) run="mountpoint -q /var/lib/pods/$LV || { lvchange -ay pve/$LV && ${unlock} mkdir -p /var/lib/pods/$LV && mount ${source} /var/lib/pods/$LV; }" ;;
detach) run="! mountpoint -q /var/lib/pods/$LV || { umount /var/lib/pods/$LV ${lock}; }" ;;
esac
exec ssh ${options} root@127.0.0.1 "$run"
`,
    );
    chmodSync(program, 0o755);
    return program;
  }

  const estateText = () => `
estate: homelab
machines:
  - { name: here, local: true }
  - ${JSON.stringify(machine.machineEntry('pve'))}
kubernetes: [${JSON.stringify({ ...cluster.entry('here'), kubectl: cluster.kubectl })}]
workloads: [{ name: apps }]
layers:
  - { name: volumes, kind: lvm-thin, machine: pve, workload: apps, kubernetes: homelab, keep: { keep_last: 3 }, luks_keys: [{ file: FOLDER/key }] }
`;

  const uuidOf = (name: string) => machine.must(`lvs --noheadings -o lv_uuid pve/${name} | tr -d ' '`);
  const inPod = () => machine.must(`cat /var/lib/pods/${lv}/library.db`);
  const names = async () =>
    (await machine.must("lvs --noheadings -o lv_name pve | tr -d ' '"))
      .split('\n')
      .filter((name) => name.startsWith('hf_'));
  const held = () => machine.must("lvs --noheadings -o lv_name,lv_tags pve | grep -c 'hf.held=before' || true");
  const suspended = () => machine.must('dmsetup info -c --noheadings -o name,suspended | grep -c Suspended || true');
  const replicas = () => cluster.replicas('StatefulSet', 'media', 'jellyfin');
  const restore = ['restore', 'media/jellyfin', '--to', 'live', '--yes'] as const;

  /** The run, as soon as it tries the step; an emulated machine takes its time. */
  const tries = (started: Started, step: string): Promise<string> =>
    until(
      `${step} is tried`,
      () => {
        if (started.process.exitCode !== null) throw new Error(`it ended before ${step}:\n${started.output()}`);
        return estate.journal((runs, entriesOf) => {
          const run = runs[0]?.id ?? '';
          return entriesOf(run).some(({ event, path }) => event === 'trying' && path === step) ? run : undefined;
        });
      },
      8,
    );

  it('shows the ways back, and what to type, without doing anything', async () => {
    await homelab();
    const { status, stdout, stderr } = await estate.type('restore', 'media/jellyfin');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /holdfast restore media\/jellyfin --point \S+ --to live/);
    const dry = await estate.type('restore', 'media/jellyfin', '--to', 'live', '--dry-run');
    assert.match(dry.stdout, /scale StatefulSet media\/jellyfin to 0, from 1 replica/);
    assert.equal((await inPod()).trim(), 'today');
  });

  for (const given of someOf(1, [
    { luks: key },
    {},
    { filesystem: 'xfs' },
  ] as const satisfies readonly Partial<NewVolume>[]))
    it(`is restored in place (${JSON.stringify(given)}): yesterday's files in the pod, today's in a held point (reality 4.1, 6.29)`, async () => {
      await homelab(given);
      const before = await uuidOf(lv);
      const points = await names();
      const done = await estate.type(...restore);
      assert.equal(done.status, 0, `${done.stdout}${done.stderr}`);
      assert.equal(await inPod(), 'yesterday');
      assert.equal(replicas(), 1);
      assert.notEqual(await uuidOf(lv), before);
      assert.equal(await held(), '1');
      assert.equal((await names()).length, points.length + 1, 'the point, the safety point, and nothing else');
      assert.equal(await suspended(), '0');
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
      assert.equal((await inPod()).trim(), 'today', 'a restore is taken back by restoring what it kept');
    });

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
    assert.equal((await inPod()).trim(), 'today');
    assert.equal(cluster.items('pods')[0]?.metadata.uid, uid, 'the pod never went');
    assert.deepEqual(await names(), [point]);
  });

  it('comes back as a volume of its own beside the live one, and never over one', async () => {
    await homelab();
    const over = await estate.type('restore', 'media/jellyfin', '--to', `pve/${lv}`, '--yes');
    assert.equal(over.status, 1, over.stderr);
    const done = await estate.type('restore', 'media/jellyfin', '--to', 'pve/rescued', '--yes');
    assert.equal(done.status, 0, `${done.stdout}${done.stderr}`);
    const read = 'mkdir -p /mnt/r; mount -o ro,noload /dev/pve/rescued /mnt/r; cat /mnt/r/library.db; umount /mnt/r';
    assert.equal(await machine.must(read), 'yesterday');
    assert.equal((await inPod()).trim(), 'today');
  });

  it('whose pod does not become ready is led back to what it had', async () => {
    await homelab();
    const before = [await uuidOf(lv), await names()];
    const started = estate.start(...restore);
    await tries(started, 'swap');
    cluster.behave({ neverReady: ['media/jellyfin*'] });
    await tries(started, 'verify');
    started.process.kill('SIGINT');
    assert.equal(await started.ended, 130, started.output());
    cluster.behave({ neverReady: [] });
    cluster.tick();
    assert.deepEqual([await uuidOf(lv), await names(), replicas()], [...before, 1]);
    assert.equal((await inPod()).trim(), 'today');
  });

  const steps = ['swap', 'prepare', 'check', 'quiesce-0', 'detach', 'safety', 'resume-0', 'verify', 'tidy'] as const;
  for (const [index, step] of someOf(1, steps).entries()) {
    const victim = (['worker', 'supervisor', 'both'] as const satisfies readonly Victim[])[index % 3] ?? 'both';
    it(`is as before, or restored as a whole, after kill -9 of ${victim} in the step ${step}`, async () => {
      await homelab();
      const before = [await uuidOf(lv), await names()];
      const started = estate.start(...restore);
      const run = await tries(started, step);
      kill(victim, started, run);
      await started.ended;
      // Whoever comes next finishes it.
      const next = await estate.type('cancel', run);
      assert.ok(next.status !== null);
      cluster.tick();
      assert.equal(replicas(), 1);
      assert.equal(await suspended(), '0');
      if ((await inPod()).trim() === 'today') assert.deepEqual([await uuidOf(lv), await names()], before);
      else {
        assert.equal(await inPod(), 'yesterday');
        assert.equal((await names()).length, 2);
      }
    });
  }

  for (const step of someOf(1, ['swap', 'check', 'verify'] as const))
    it(`is as before, or restored as a whole, after its host lost power in the step ${step}`, async () => {
      await homelab();
      const before = [await uuidOf(lv), await names()];
      await machine.must('sync');
      const started = estate.start(...restore);
      await tries(started, step);
      await machine.powerOff();
      await machine.boot();
      const status = await started.ended;
      cluster.tick();
      const run = estate.journal((runs) => runs[0]);
      assert.notEqual(run?.state, 'running');
      await machine.must(
        `lvchange -ay pve/${lv}; mkdir -p /var/lib/pods/${lv}; mountpoint -q /var/lib/pods/${lv} || mount /dev/pve/${lv} /var/lib/pods/${lv}`,
      );
      assert.equal(replicas(), 1, `exit ${status}: ${started.output()}`);
      if ((await inPod()).trim() === 'today')
        assert.deepEqual([await uuidOf(lv), await names()], before, started.output());
      else {
        assert.equal(await inPod(), 'yesterday');
        assert.equal((await names()).length, 2, started.output());
      }
    });
});
