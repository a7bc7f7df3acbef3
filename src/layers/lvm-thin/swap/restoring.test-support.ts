// A homelab in which restores are tried: a cluster with its controllers, a host with a thin pool, the one engine, and a clock on
// which waiting takes no time.

import { reconcile } from '../../../../lab/host/kubectl/controller.ts';
import { resourceNamed } from '../../../../lab/host/kubectl/resources.ts';
import { all, find, withState } from '../../../../lab/host/kubectl/store.ts';
import { benchFor } from '../../../../test/engine-world.ts';
import { startCluster } from '../../../../test/pve-machine/kubectl/cluster.test-support.ts';
import { unreachableWorld } from '../../../../test/unreachable-world.ts';
import { carryOut } from '../../../apply/engine.ts';
import { isLedBack, verdictOf } from '../../../apply/outcome.ts';
import { recover } from '../../../apply/recover.ts';
import type { LayerKind } from '../../../contracts/layer.ts';
import type { World } from '../../../contracts/world.ts';
import { Fault } from '../../../fault.ts';
import type { Kubernetes } from '../../../machines/kubernetes.ts';
import type { LayerEntry } from '../../../model/estate.ts';
import type { Plan } from '../../../model/plan.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { planOfRestore } from '../../../plan/layer-plan.ts';
import type { Json } from '../../../values/canonical.ts';
import { type Clock, instantAt } from '../../../values/instant.ts';
import { Secret } from '../../../values/secret.ts';
import type { LvmEntry } from '../../common/lvm/entry.ts';
import { snapshotName } from '../../common/lvm/names.ts';
import { restorePointOf, snapshotsIn } from '../../common/lvm/snapshots.ts';
import { tagsOf } from '../../common/lvm/tags.ts';
import { planRestore } from '../restore.ts';
import { swapKinds } from './kinds.ts';
import { allVolumes } from './lvm.ts';
import { type HostVolume, type LvmHost, lvmHost } from './lvm-host.test-support.ts';
import { scoutRestore } from './scout.ts';

/** Polls take no time; what watches over a step (its patience) never comes to its end. */
function idleClock(): Clock {
  let now = Date.parse('2026-11-21T03:00:00Z');
  return {
    now: () => instantAt(now),
    monotonic: () => now,
    sleep: (duration, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (duration > 10_000) return;
        now += duration;
        setImmediate(resolve);
      }),
  };
}

export const live = 'vm-9999-pvc-6b1f0f7e-1111-4222-8333-444455556666';
const takenBy = '20261120t030000-aaaaaa';

/** What happens at a moment: thrown in its place, or never answered. */
export type Moments = { at?: ((what: string, moment: 'before' | 'after') => Promise<void> | void) | undefined };

export type Lab = Readonly<{
  cluster: ReturnType<typeof startCluster>;
  host: LvmHost;
  moments: Moments;
  world(): World;
  clock: Clock;
  entry: LvmEntry;
  points(): Promise<readonly RestorePoint[]>;
  plan(wish?: Readonly<{ target?: string; keepOld?: boolean; point?: RestorePoint }>): Promise<Plan>;
  /** everything that must be as before: volumes with their content and flags, replicas */
  picture(): string;
  close(): void;
}>;

export type LabOptions = Readonly<{
  replicas?: number;
  kind?: 'Deployment' | 'StatefulSet' | 'none';
  pointContent?: string;
  pointKey?: string;
  entry?: Partial<LvmEntry>;
  /** without a cluster: whether the volume is open */
  open?: boolean;
  live?: Partial<HostVolume>;
  pool?: Readonly<{ data: string; metadata: string }>;
}>;

export function labWith(options: LabOptions = {}): Lab {
  const cluster = startCluster();
  const clock = idleClock();
  const moments: Moments = {};
  const withCluster = options.open === undefined;
  const isOpen = (lv: string): boolean =>
    withCluster
      ? withState(cluster.folder, (state) =>
          all(state, 'volumeattachments').some(({ spec }) =>
            all(state, 'persistentvolumes').some(
              (volume) =>
                volume.metadata.name === spec?.source.persistentVolumeName &&
                volume.spec?.csi.volumeHandle.endsWith(`/${lv}`),
            ),
          ),
        )
      : options.open === true && lv === live;
  const host = lvmHost({
    isOpen,
    at: (moment, argv) => moments.at?.(argv.join(' '), moment),
    ...(options.pool === undefined ? {} : { pool: options.pool }),
  });
  const now = host.add(live, 'ext4 of today', { active: true, tags: ['pve-vm-9999'], ...options.live });
  const tags = tagsOf({
    ...{
      point: 'tuesday',
      layer: 'volumes',
      run: takenBy,
      workload: 'media/jellyfin',
      taken: '2026-11-20T03:00:00.000Z',
    },
    ...{ origin: live, originUuid: now.uuid, volume: `homelab/ruapehu/local-lvm/${live}`, claim: 'media/jellyfin' },
    sealed: '2026-11-20T03:00:05.000Z',
  });
  host.add(snapshotName(takenBy, now.uuid), options.pointContent ?? 'ext4 of tuesday', {
    ...{ originUuid: now.uuid, tags: [...tags], skips: true },
    ...(options.pointKey === undefined ? {} : { key: options.pointKey }),
  });
  if (withCluster) {
    cluster.volume({ namespace: 'media', claim: 'jellyfin', handle: `homelab/ruapehu/local-lvm/${live}` });
    const given = { namespace: 'media', name: 'jellyfin', replicas: options.replicas ?? 2, claims: ['jellyfin'] };
    if (options.kind === 'StatefulSet') cluster.statefulSet(given);
    else if (options.kind !== 'none') cluster.deployment(given);
  }
  const entry: LvmEntry = {
    ...{ name: 'volumes', machine: 'ruapehu', volume_group: 'pve', pool: 'data', volumes: 'vm-*-pvc-*' },
    ...(withCluster ? { kubernetes: 'homelab' } : {}),
    ...options.entry,
  };
  const world = (): World => ({
    ...unreachableWorld(clock),
    machine: () => host.machine,
    kubernetes: () => inProcess(cluster, moments),
    secret: async (reference, audience) => new Secret('key', 'env' in reference ? reference.env : '', audience),
  });
  const points = async () => {
    const volumes = await allVolumes({ on: host.machine, vg: 'pve' });
    return snapshotsIn(volumes).sealed.map((snapshot) => restorePointOf('ruapehu', snapshot));
  };
  const plan: Lab['plan'] = async (wish = {}) => {
    const point = wish.point ?? (await points())[0];
    if (point === undefined) throw new Error('there is no point');
    const whole = { point, target: wish.target ?? 'live', keepOld: wish.keepOld === true };
    const scouted = await scoutRestore(entry, whole, world(), new AbortController().signal);
    const layer = { restore: planRestore } as unknown as LayerKind;
    const planning = { estate: 'homelab', timeZone: 'UTC', now: clock.now(), layers: [] };
    return planOfRestore(planning, layer, entry as unknown as LayerEntry, whole, scouted);
  };
  const picture = () =>
    JSON.stringify(
      {
        volumes: host.volumes.map((one) => one).sort((one, other) => (one.name < other.name ? -1 : 1)),
        replicas: cluster.items('deployments').map(({ spec }) => spec?.replicas),
        sets: cluster.items('statefulsets').map(({ spec }) => spec?.replicas),
        pods: cluster.items('pods').length,
      },
      undefined,
      1,
    );
  return { cluster, host, moments, world, clock, entry, points, plan, picture, close: () => cluster[Symbol.dispose]() };
}

/** The cluster's controllers in this process: asked as often as a test wants, without a process for each. */
function inProcess(cluster: ReturnType<typeof startCluster>, moments: Moments): Kubernetes {
  const asked = <Result>(work: (state: Parameters<typeof reconcile>[0]) => Result): Result =>
    withState(cluster.folder, (state) => {
      state.asked += 1;
      reconcile(state);
      return structuredClone(work(state));
    });
  const answer = async <Result>(work: (state: Parameters<typeof reconcile>[0]) => Result): Promise<Result> => {
    await moments.at?.('read', 'before');
    return asked(work);
  };
  return {
    name: 'homelab',
    list: (what) => answer((state) => all(state, what) as unknown as readonly Json[]),
    get: (what, namespace, name) =>
      answer((state) => find(state, resourceNamed(what), namespace, name) as unknown as Json | undefined),
    scale: async (kind, namespace, name, to, from) => {
      await moments.at?.(`scale ${kind} ${to}`, 'before');
      const what = kind === 'deployment' ? 'Deployment' : 'StatefulSet';
      const now = cluster.replicas(what, namespace, name);
      if (now !== from)
        throw new Fault('scale-changed', {
          where: name,
          says: `it has ${now} replicas and not ${from}`,
          remedy: 'see',
        });
      cluster.scale(what, namespace, name, to);
      await moments.at?.(`scale ${kind} ${to}`, 'after');
    },
  };
}

export type Ran = Readonly<{ outcome: string; summary: string; log: readonly string[] }>;

/** @param killed resolves when the process is to be taken for dead: nothing it does is heard of any more */
export async function run(
  lab: Lab,
  plan: Plan,
  over: Readonly<{ signal?: AbortSignal; killed?: Promise<void> }> = {},
): Promise<Ran> {
  const bench = benchFor(plan, swapKinds, {
    ...{ world: lab.world(), clock: lab.clock, consent: { upTo: 'interrupts', confirmed: [] } },
    ...(over.signal === undefined ? {} : { signal: over.signal }),
  });
  const log = () => bench.told.flatMap((one) => (one.tell === 'log' ? [one.line] : []));
  const carried = carryOut(bench, plan);
  const first = await (over.killed === undefined ? carried : Promise.race([carried, over.killed]));
  if (first !== undefined) {
    const whole = [...first.fates.values()].every((fate) => fate === 'done');
    const undone = !whole && isLedBack(bench.journal.entries(bench.run));
    const interrupted = over.signal?.aborted === true && !whole;
    return { ...verdictOf(first, { interrupted, undone }), log: log() };
  }
  lab.moments.at = undefined;
  const left = await recover({ ...bench, world: lab.world() }, plan);
  return { outcome: 'aborted', summary: left.join('; '), log: log() };
}
