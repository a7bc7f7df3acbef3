// The layer lvm-thin as an operator runs it: the command line, OpenSSH, lvm2 and a thin pool in a machine of its own, a cluster
// that is asked with kubectl. What is asserted is what `lvs` and `dmsetup` say there, asked past us.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mapperName } from '../pve-machine/faults.test-support.ts';
import { type Cluster, startCluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../pve-machine/pve-machine.test-support.ts';
import type { Volume } from '../pve-machine/volumes.test-support.ts';
import { someOf, sweep } from '../sweep.test-support.ts';
import { type Answered, type Estate, estateIn, kill, reached, until, type Victim } from './estate.test-support.ts';
import {
  faultsIn,
  firstFound,
  lookAt,
  type PoolLook,
  smallPool,
  stateOf,
  volumesEstate,
} from './volumes.test-support.ts';

describe('snapshots of a real thin pool', { skip: unlessMachine, timeout: 1_800_000 }, () => {
  let machine: PveMachine;
  let look: PoolLook;
  let volumes: readonly Volume[];
  let one: Estate;
  before(async () => {
    machine = await startPveMachine({ pool: smallPool });
    look = lookAt(machine);
  });
  after(async () => await machine?.stop());
  beforeEach(async () => {
    await machine.volumes.reset();
    volumes = await machine.volumes.makeMany(4, 'none');
  });

  const within = async (cluster: Cluster | undefined, work: () => Promise<void>, more: object = {}) => {
    one = estateIn(volumesEstate(machine, cluster, more), 'lvm');
    try {
      await work();
    } finally {
      one.close();
    }
  };
  const run = (): Promise<Answered> => one.type('run', 'volumes');
  const lines = (script: string) => look.lines(script);
  const ours = () => look.ours();
  const unsealed = () => look.unsealed();
  const state = () => stateOf(one);
  const faults = () => faultsIn(one);

  /** Nothing is suspended, nothing half-made is there, and the pool takes another volume: it is as it was. */
  const isWhole = async () => assert.deepEqual(await look.wrong(), []);

  it('are sealed, inactive, never activated by accident, and hold what the volume held (reality 1.1f)', async () => {
    using cluster = startCluster();
    const [a, b, c, d] = volumes as [Volume, Volume, Volume, Volume];
    const handle = ({ lv }: Volume) => `homelab/pve/local-lvm/${lv}`;
    cluster.volume({ name: 'pv-a', handle: handle(a), namespace: 'photos', claim: 'db' });
    cluster.volume({ name: 'pv-b', handle: `local-lvm:${b.lv}`, namespace: 'photos', claim: 'library' });
    cluster.volume({ name: 'pv-c', handle: handle(c), namespace: 'dbaas', claim: 'mysql' });
    cluster.deployment({ namespace: 'photos', name: 'photos', claims: ['db', 'library'] });
    const exclude = [{ namespace: 'dbaas', reason: 'has dumps', owner: 'ops', review_by: '2099-01-01' }];
    await within(
      cluster,
      async () => {
        await machine.must(`printf before | dd of=${a.device} conv=notrunc,fsync status=none`);
        const ended = await run();
        assert.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
        await machine.must(`printf behind | dd of=${a.device} conv=notrunc,fsync status=none`);
        const found = await lines("lvs --noheadings -o origin,lv_attr,lv_name -S 'lv_name=~^hf_' pve");
        assert.deepEqual(found.map((line) => line.split(/\s+/)[0]).sort(), [a.lv, b.lv, d.lv].sort());
        for (const line of found) assert.match(line, /\sVwi---tz-k\s/);
        assert.deepEqual(await unsealed(), []);
        const of = found.find((line) => line.startsWith(a.lv))?.split(/\s+/)[2];
        assert.equal(
          await machine.must(
            `lvcreate -qq -s -kn -n look pve/${of}; head -c 6 /dev/pve/look; lvremove -qq -y pve/look`,
          ),
          'before',
        );
        const { stdout } = await one.type('points', '--json');
        for (const name of ['photos/db', 'photos/library', d.lv]) assert.ok(stdout.includes(`"${name}"`), name);
        assert.ok(!stdout.includes('dbaas/mysql'));
        await isWhole();
      },
      { exclude },
    );
  });

  if (sweep)
    it('are kept by `keep`: the third run removes the first point of each volume, and its own stays', async () => {
      await within(undefined, async () => {
        for (const _ of [1, 2, 3]) assert.equal((await run()).status, 0);
        const counts = Map.groupBy(
          await lines("lvs --noheadings -o origin -S 'lv_name=~^hf_' pve"),
          (origin) => origin,
        );
        assert.deepEqual(
          [...counts.values()].map((found) => found.length),
          [2, 2, 2, 2],
        );
        await isWhole();
      });
    });

  for (const [what, code] of someOf(1, [
    ['metadata', 'pool-metadata-limit'],
    ['data', 'pool-data-limit'],
  ] as const))
    it(`are refused where the pool's ${what} is full, with its figures, and what is there stays`, async () => {
      await within(undefined, async () => {
        assert.equal((await run()).status, 0);
        const good = await ours();
        if (what === 'data') await machine.faults.fillData(91);
        else await machine.faults.fillMetadata(81);
        const ended = await run();
        assert.equal(ended.status, 1, `${ended.stdout}${ended.stderr}`);
        assert.ok(
          faults().some((one) => one.endsWith(code)),
          faults().join('\n'),
        );
        assert.deepEqual(await ours(), good);
        if (what === 'data') await machine.faults.freeData();
        else await machine.faults.freeMetadata();
        assert.equal((await run()).status, 0);
      });
    });

  if (sweep)
    it('fail alone where a device hangs: the others are done, the run is degraded, the next begins with it (reality 2.2, 6.1)', async () => {
      await within(undefined, async () => {
        const [, bad] = volumes as [Volume, Volume];
        await machine.faults.hang(mapperName(bad.lv));
        await run();
        assert.equal(state(), 'degraded', faults().join('\n'));
        assert.equal((await ours()).length, volumes.length - 1);
        await machine.faults.unhang();
        const next = await run();
        assert.equal(next.status, 0, `${next.stdout}${next.stderr}`);
        const first = firstFound(one);
        assert.equal(first, `discover>snapshot-${bad.lv}`);
        await isWhole();
      });
    });

  for (const [victim, step] of someOf(1, [
    ['worker', /^discover>snapshot/],
    ['both', /^retain>prune/],
    ['supervisor', /^discover>snapshot/],
  ] as const satisfies readonly (readonly [Victim, RegExp])[]))
    it(`of which ${victim} was killed at ${step.source} leave no half-made one, and the next run is fine`, async () => {
      await within(undefined, async () => {
        if (step.source.includes('prune')) for (const _ of [1, 2]) assert.equal((await run()).status, 0);
        const started = one.start('run', 'volumes');
        const killed = await reached(one, step);
        kill(victim, started, killed);
        await started.ended;
        const next = await run();
        assert.equal(next.status, 0, `${next.stdout}${next.stderr}`);
        assert.equal(
          one.journal((runs) => runs.find(({ id }) => id === killed)?.state),
          'aborted',
        );
        await isWhole();
        const origins = new Set(await lines("lvs --noheadings -o origin -S 'lv_name=~^hf_' pve"));
        assert.equal(origins.size, volumes.length);
      });
    });

  if (sweep)
    it('whose machine lost its power meanwhile leave no half-made one, and the next run is fine (reality 6.4)', async () => {
      await within(undefined, async () => {
        const started = one.start('run', 'volumes');
        await reached(one, /^discover>snapshot/);
        await machine.powerOff();
        await until('its end', () => started.process.exitCode !== null, 10);
        await machine.boot();
        const next = await run();
        assert.equal(next.status, 0, `${next.stdout}${next.stderr}`);
        const left = await unsealed();
        assert.ok(
          left.length <= 2,
          'what the machine could not be asked to remove waits an hour, and is nobody’s restore point',
        );
        const origins = new Set(await lines("lvs --noheadings -o origin -S 'lv_name=~^hf_' pve"));
        assert.equal(origins.size, volumes.length);
      });
    });
});
