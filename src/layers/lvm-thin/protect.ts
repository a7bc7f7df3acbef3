// The plan of one run: look, take, then let go of what retention lets go. What there is to do is known only when LVM and the
// cluster were asked. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { LayerEntry } from '../../model/estate.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { asGiven } from '../common/given.ts';
import { lvmEntryOf } from '../common/lvm/entry.ts';
import type { LvmThinEntry } from './schema.ts';

export const poolRef = ({
  machine,
  volume_group,
  pool,
}: Pick<LvmThinEntry, 'machine' | 'volume_group' | 'pool'>): Ref => ref('thin-pool', machine, volume_group, pool);

export function planProtect(entry: LvmThinEntry, { timeZone, layers }: LayerContext): Planned {
  const common = {
    subject: poolRef(entry),
    act: 'do',
    changes: [],
    lanes: [],
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone, siblings: siblingsOf(entry, layers) }),
    expands: true,
    patience: minutes(15),
  } as const;
  const discover: Step = {
    ...common,
    ...{ id: 'discover', kind: 'lvm-thin.discover', after: [], risk: 'adds', wayBack: 'undo' },
    title: `find the volumes ${entry.volumes} in ${entry.volume_group}/${entry.pool} on ${entry.machine}, and take a snapshot of each`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
  };
  const retain: Step = {
    ...common,
    ...{ id: 'retain', kind: 'lvm-thin.retain', after: [discover.id], risk: 'none', wayBack: 'undo' },
    title: `see what each volume has now, and remove the snapshots that retention no longer keeps`,
    because: ['only a volume that this run has protected loses an older point'],
  };
  return { steps: [discover, retain], notes: [], refusals: [] };
}

const siblingsOf = (entry: LvmThinEntry, layers: readonly LayerEntry[]): readonly string[] =>
  layers.flatMap((other) => {
    const found = lvmEntryOf(other);
    return found === undefined || found.name === entry.name || found.kubernetes !== entry.kubernetes
      ? []
      : [found.name];
  });
