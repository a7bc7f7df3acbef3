// Volumes of one workload on a real thin pool, while somebody writes them without a pause: of one moment where one moment is wanted, and
// the writer goes on whatever is killed. What is asserted is what the snapshots hold, and what `ps` and `dmsetup` say there.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, startCluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../pve-machine/pve-machine.test-support.ts';
import type { Volume } from '../pve-machine/volumes.test-support.ts';
import { startWriter, type Writer } from '../pve-machine/writer.test-support.ts';
import { sweep } from '../sweep.test-support.ts';
import { type Answered, type Estate, estateIn, kill, reached } from './estate.test-support.ts';

const pool = { megabytes: 512, metadataMegabytes: 4 };

const estateFor = (machine: PveMachine, cluster: Cluster, more: object): string =>
  JSON.stringify({
    estate: 'moment',
    machines: [{ name: 'here', local: true }, machine.machineEntry('pve')],
    kubernetes: [{ ...cluster.entry('here'), kubectl: cluster.kubectl }],
    workloads: [{ name: 'cluster' }],
    layers: [
      {
        ...{ name: 'volumes', kind: 'lvm-thin', machine: 'pve', workload: 'cluster', keep: { keep_last: 9 } },
        // Emulated, each snapshot takes a second and more.
        ...{ kubernetes: cluster.entry('here').name, hold_at_most: '30s', ...more },
      },
    ],
  });

/** A cluster in which one workload has them all. */
function photosOf(volumes: readonly Volume[]): Cluster {
  const cluster = startCluster();
  for (const [index, { lv }] of volumes.entries())
    cluster.volume({
      name: `pv-${index}`,
      handle: `homelab/pve/local-lvm/${lv}`,
      namespace: 'photos',
      claim: `c${index}`,
    });
  cluster.deployment({ namespace: 'photos', name: 'photos', claims: volumes.map((_, index) => `c${index}`) });
  return cluster;
}

describe('the volumes of one workload on a real pool', { skip: unlessMachine, timeout: 1_800_000 }, () => {
  let machine: PveMachine;
  let volumes: readonly Volume[];
  before(async () => {
    machine = await startPveMachine({ pool });
  });
  after(async () => await machine?.stop());
  beforeEach(async () => {
    await machine.volumes.reset();
    volumes = await machine.volumes.makeMany(2, 'none');
  });

  const within = async (more: object, work: (one: Estate, writer: Writer) => Promise<void>) => {
    using cluster = photosOf(volumes);
    const one = estateIn(estateFor(machine, cluster, more), 'moment');
    const writer = await startWriter(machine.must, volumes);
    try {
      await work(one, writer);
    } finally {
      await writer.end();
      one.close();
    }
  };

  /** What the newest snapshot of each volume holds, read through a clone of it. */
  const held = async (): Promise<readonly number[]> => {
    const read = `set -e; for lv in ${volumes.map(({ lv }) => lv).join(' ')}; do
      of=$(lvs --noheadings -o lv_name -S "origin=$lv && lv_name=~^hf_" -O -lv_time pve | head -n 1 | tr -d ' ')
      lvcreate -qq -s -kn -n look pve/$of; head -c 12 /dev/pve/look; echo; lvremove -qq -y pve/look
    done`;
    return (await machine.must(read)).split('\n').map(Number);
  };
  const tags = async () =>
    (
      await machine.must(
        "lvs --noheadings -o lv_tags -S 'lv_name=~^hf_' pve | tr ',' '\\n' | grep -o 'hf.together=.*' | sort -u",
      )
    ).split('\n');
  const fine = ({ status, stdout, stderr }: Answered) => assert.equal(status, 0, `${stdout}${stderr}`);

  const isHeld = (writer: Writer) =>
    machine.must(`for i in $(seq 6000); do [ "$(cut -d ' ' -f 3 /proc/${writer.pid}/stat)" != T ] || exit 0; sleep 0.02; done
      echo 'it was never held' >&2; exit 1`);
  const goesOn = async (writer: Writer, withinSeconds: number) => {
    const began = performance.now();
    while ((await writer.state()) === 'T')
      if (performance.now() - began > withinSeconds * 1000) assert.fail(`it stands still after ${withinSeconds} s`);
    const before = await writer.written();
    await pause(500);
    assert.ok((await writer.written()) > before, 'it writes');
  };
  /** Nobody stands by any more, nothing is suspended, and the pool takes another volume. */
  const nothingIsLeft = async () => {
    const left = `for i in $(seq 100); do ps -eo args | grep -q '[h]oldfast-lets-go-on\\|[h]oldfast-snapshot' || exit 0; sleep 0.1; done
      ps -eo pid,stat,args | grep '[h]oldfast-'; exit 1`;
    await machine.must(left);
    assert.equal(
      await machine.must('dmsetup info -c --noheadings -o name -S suspended=Suspended | grep ^pve || true'),
      '',
    );
    await machine.must('lvcreate -qq -y -V 4M -T pve/data -n probe && lvremove -qq -y pve/probe');
  };

  it('are of one moment in the order in which they were written, and the writer goes on (reality 1.1g)', async () => {
    await within({}, async (one, writer) => {
      fine(await one.type('run', 'volumes'));
      const [a = 0, b = 0] = await held();
      assert.ok(a === b || a === b + 1, `the first holds ${a}, the second ${b}`);
      assert.ok(b > 0);
      assert.deepEqual(await tags(), ['hf.together=one-moment']);
      await goesOn(writer, 1);
      await nothingIsLeft();
      const { stdout } = await one.type('points');
      assert.match(stdout, /sealed, one moment with its workload/);
    });
  });

  if (sweep)
    it('are not where nobody is held (control), and their points say so', async () => {
      await within({ one_moment: 'never' }, async (one, writer) => {
        fine(await one.type('run', 'volumes'));
        const [a = 0, b = 0] = await held();
        assert.ok(b > a + 1, `the first holds ${a}, the second ${b}: it was written on between`);
        assert.deepEqual(await tags(), ['hf.together=in-a-row']);
        const { stdout } = await one.type('points');
        assert.match(stdout, /sealed, in a row, up to .+ apart/);
        await goesOn(writer, 1);
      });
    });

  if (sweep)
    it('are taken in a row where the host itself has one mounted, which is said, and degraded where one moment is required', async () => {
      const mounted = await machine.makeVolume({ name: 'vm-9999-pvc-mounted', filesystem: 'ext4' });
      await machine.must(`mkdir -p /mnt/own && mount ${mounted.device} /mnt/own`);
      volumes = [...volumes.slice(0, 1), mounted];
      using cluster = photosOf(volumes);
      for (const [wanted, state] of [
        ['required', 'degraded'],
        ['wanted', 'done'],
      ]) {
        const one = estateIn(estateFor(machine, cluster, { one_moment: wanted }), 'moment');
        try {
          const ended = await one.type('run', 'volumes');
          assert.equal(
            one.journal((runs) => runs[0]?.state),
            state,
            `${ended.stdout}${ended.stderr}`,
          );
          assert.match(`${ended.stdout}${ended.stderr}`, /in use by the host itself/);
          assert.deepEqual(await tags(), ['hf.together=in-a-row:used']);
        } finally {
          one.close();
        }
      }
      await machine.must('umount /mnt/own');
    });

  if (sweep)
    it('are taken in a row when their time is over before the last one; the writer goes on in that time', async () => {
      await machine.volumes.reset();
      volumes = await machine.volumes.makeMany(6, 'none');
      await within({ hold_at_most: '1s' }, async (one, writer) => {
        const started = one.start('run', 'volumes');
        await isHeld(writer);
        await goesOn(writer, 15);
        assert.equal(await started.ended, 0, started.output());
        assert.deepEqual(await tags(), ['hf.together=in-a-row:late']);
        await nothingIsLeft();
      });
    });

  const script = `ps -eo pid,args | grep ' [h]oldfast-snapshot ' | grep -v 'sh -c exec\\|ssh' | awk '{ print $1 }' | tail -n 1`;
  if (sweep)
    for (const [victim, kills] of [
      ['the script', `kill -KILL $(${script})`],
      [
        'the whole ssh session',
        // From the script up to the process that sshd made for this connection, and all that it started.
        `at=$(${script}); while parent=$(ps -o ppid= -p $at | tr -d ' ') && [ "$(ps -o comm= -p $parent)" != sshd ]; do at=$parent; done
      tree() { for one in $(ps -o pid= --ppid $1); do tree $one; done; echo $1; }
      kill -KILL $(tree $parent)`,
      ],
    ] as const)
      it(`of which ${victim} was killed (-9) while their writer was held: he goes on in time, nothing is left, the next run is fine`, async () => {
        await within({}, async (one, writer) => {
          const started = one.start('run', 'volumes');
          await isHeld(writer);
          await machine.must(kills);
          await goesOn(writer, 30);
          await started.ended;
          await nothingIsLeft();
          fine(await one.type('run', 'volumes'));
          assert.ok((await tags()).includes('hf.together=one-moment'));
        });
      });

  if (sweep)
    it('of which the worker and the supervisor were killed (-9) meanwhile: the writer goes on, the next run is fine', async () => {
      await within({}, async (one, writer) => {
        const started = one.start('run', 'volumes');
        const run = await reached(one, /^discover>snapshot/);
        await isHeld(writer);
        kill('both', started, run);
        await goesOn(writer, 30);
        await started.ended;
        fine(await one.type('run', 'volumes'));
        await nothingIsLeft();
      });
    });
});
