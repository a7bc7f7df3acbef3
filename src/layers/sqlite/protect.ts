// The plan of one run: a single step, since only a look at what is there tells what there is to do. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { type LvmEntry, lvmEntryOf } from '../common/lvm/entry.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import { type CopyingEntry, isCopying, type SqliteEntry } from './schema.ts';

export function planProtect(entry: SqliteEntry, context: LayerContext): Planned {
  if (!isCopying(entry)) return checkOnly(entry);
  if (!('snapshots_of' in entry.from)) return { steps: [lookStep(entry, context, undefined)], notes: [], refusals: [] };
  const { snapshots_of: name } = entry.from;
  const other = context.layers.find((layer) => layer.name === name);
  const snapshots = other === undefined ? undefined : lvmEntryOf(other);
  const refusal = refusalOf(entry, name, snapshots);
  if (refusal !== undefined) return { steps: [], notes: [], refusals: [refusal] };
  return { steps: [lookStep(entry, context, snapshots)], notes: [], refusals: [] };
}

function refusalOf(entry: SqliteEntry, name: string, snapshots: LvmEntry | undefined): Refusal | undefined {
  const subject = ref('layer', entry.name);
  if (snapshots === undefined)
    return {
      ...{ subject, code: 'not-a-snapshot-layer', says: `the layer ${shown(name)} makes no snapshots of volumes` },
      remedy: 'name a layer of the kind `lvm-thin` in `from: { snapshots_of: ... }`',
    };
  if (snapshots.machine === entry.machine) return undefined;
  return {
    ...{ subject, code: 'snapshots-elsewhere' },
    says: `the snapshots of ${shown(name)} are on the machine ${shown(snapshots.machine)}, and this layer works on ${shown(entry.machine)}`,
    remedy: `say \`machine: ${shown(snapshots.machine)}\`: snapshots are read where they are`,
  };
}

function lookStep(entry: CopyingEntry, { timeZone }: LayerContext, snapshots: LvmEntry | undefined): Step {
  const where =
    'snapshots_of' in entry.from
      ? `the newest snapshots of ${shown(entry.from.snapshots_of)}`
      : 'folder' in entry.from
        ? shown(entry.from.folder)
        : entry.from.files.map(shown).join(', ');
  return {
    id: 'look',
    kind: 'sqlite.look',
    subject: ref('layer', entry.name),
    act: 'do',
    title: `look for databases in ${where}, and copy each into a restore point in ${shown(layerFolder(entry))}`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({
      entry,
      timeZone,
      snapshots: snapshots && {
        ...{ name: snapshots.name, volume_group: snapshots.volume_group, luks_keys: snapshots.luks_keys },
      },
    }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}

function checkOnly(entry: SqliteEntry): Planned {
  const files = 'files' in entry.from ? entry.from.files : [];
  const check: Step = {
    id: 'check',
    kind: 'sqlite.check',
    subject: ref('files', entry.machine, files[0] ?? ''),
    act: 'do',
    title: `ask whether ${files.map(shown).join(', ')} on ${entry.machine} is sound`,
    because: [`the layer ${entry.name} watches over the databases of the workload ${entry.workload}`],
    changes: [],
    after: [],
    lanes: [],
    risk: 'none',
    needs: [],
    expects: [],
    given: asGiven({ entry, files }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(45),
  };
  return { steps: [check], notes: [], refusals: [] };
}
