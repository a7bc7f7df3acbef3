// The step `lvm-thin.discover`: asks LVM and the cluster what there is, and brings the plan of what is to be snapshotted.
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { PoolFigures } from '../../model/item-results.ts';
import type { Json } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { listVolumes } from '../common/lvm/list.ts';
import type { Volume } from '../common/lvm/report.ts';
import { snapshotsIn } from '../common/lvm/snapshots.ts';
import { childPlan } from './child-plan.ts';
import { byCluster, discover } from './discovery.ts';
import { discoverGiven } from './given.ts';
import { groupsIn } from './groups.ts';
import { type Asked, askCluster } from './inventory.ts';
import { notesOn } from './notes.ts';
import { overcommit } from './pool.ts';
import { poolRef } from './protect.ts';
import { resultOf } from './result-of.ts';
import type { LvmThinEntry } from './schema.ts';

export const discoverKind: StepKind = {
  name: 'lvm-thin.discover',

  observe: async () => '',

  do: async (context): Promise<Done> => {
    const { entry, timeZone, siblings } = givenOf(discoverGiven, context.step);
    const { world, run, signal } = context;
    const volumes = await listVolumes(world.machine(entry.machine), entry.volume_group, signal);
    const pool = poolIn(entry, volumes);
    const figures = figuresOf(entry, pool);
    const asked = await askCluster(world, entry.kubernetes, signal);
    refuseUnknown(entry, asked);
    const now = world.clock.now();
    const { sealed } = snapshotsIn(volumes, entry.name);
    const discovered = discover({ entry, volumes, asked, sealed, now });
    refuseNothing(entry, discovered.protect.length + discovered.excluded.length + discovered.heldBack.length);
    const groups = groupsIn(discovered.protect, asked, sealed);
    const subject = poolRef(entry);
    const more = overcommit(volumes, pool);
    const notes = [
      ...notesOn(subject, discovered, asked, siblings, now),
      ...(more === undefined ? [] : [{ subject, level: 'info' as const, says: more }]),
    ];
    const plan = childPlan({ entry, timeZone, run, now, sealed, discovered, groups, notes, figures });
    const result = resultOf({
      entry,
      asked,
      discovered,
      sealed,
      now,
      days: undefined,
      itemResults: plan.itemResults ?? {},
    });
    return {
      result: result as unknown as Json,
      expands: plan,
      degraded: degradedBy(asked, discovered.heldBack.length),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'nothing is taken while volumes are looked for' }),
};

/** @throws Fault `pool-missing` */
export function poolIn({ machine, volume_group, pool }: LvmThinEntry, volumes: readonly Volume[]): Volume {
  const found = volumes.find(({ name, type }) => name === pool && type === 'pool');
  if (found !== undefined) return found;
  throw new Fault('pool-missing', {
    where: machine,
    says: `there is no thin pool ${shown(pool)} in the volume group ${shown(volume_group)}`,
    remedy: 'correct `pool`: `lvs -S lv_layout=pool` shows which there are',
  });
}

/** @throws Fault `pool-unread`: how full a pool is that nobody could ask is not known to be fine */
export function figuresOf({ machine, volume_group, pool }: LvmThinEntry, found: Volume): PoolFigures {
  const { dataPercent, metadataPercent } = found;
  if (dataPercent !== undefined && metadataPercent !== undefined)
    return { machine, volumeGroup: volume_group, pool, dataPercent, metadataPercent };
  throw new Fault('pool-unread', {
    where: shown(`${volume_group}/${pool}`),
    says: 'LVM does not tell how full it is; no snapshot was taken',
    remedy: `it is not active, or has failed (\`lvs -a ${volume_group}\`): \`lvchange -ay ${volume_group}/${pool}\``,
  });
}

/** Excluded volumes are known by their namespace alone, and nobody has ever said which that is. */
function refuseUnknown({ exclude = [] }: LvmThinEntry, asked: Asked | undefined): void {
  if (asked === undefined || asked.inventory !== undefined || !exclude.some(byCluster)) return;
  throw new Fault('exclusions-unknown', {
    where: asked.cluster,
    says: `it cannot be asked (${asked.silent}), and has never been: nobody knows which volumes the excluded namespaces have, and no snapshot was taken`,
    remedy: 'let it be asked once; from then on its last answer serves while it is silent',
  });
}

/** A pattern that fits nothing is a mistake: a run that protects nothing must not look like one that protected everything. */
function refuseNothing({ volumes, volume_group, pool }: LvmThinEntry, found: number): void {
  if (found > 0) return;
  throw new Fault('volumes-missing', {
    where: shown(`${volume_group}/${pool}`),
    says: `no volume of it is called ${shown(volumes)}; nothing was done, and nothing was removed`,
    remedy: 'see `lvs`; correct `volumes`, `volume_group` or `pool`',
  });
}

const degradedBy = (asked: Asked | undefined, heldBack: number): readonly string[] => [
  ...(asked?.silent === undefined ? [] : [`the cluster ${asked.cluster} could not be asked`]),
  ...(heldBack === 0
    ? []
    : [`${heldBack} of the volumes left alone, since nobody could tell whether they are excluded`]),
];
