// The plan of bringing a Vaultwarden back: into an empty folder, whole or a part of it, or in the place of what is there. Pure.
import * as z from 'zod';
import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Note, Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { count, shown } from '../../values/text.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { proveStep } from '../common/sqlite/prove-step.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import type { LiveGiven } from './given.ts';
import { missingIn } from './missing-in.ts';
import { always } from './names.ts';
import { liveSteps } from './restore-steps.ts';
import { judgedTables } from './rows.ts';
import type { VaultwardenEntry } from './schema.ts';
import { scoutedLive } from './scout.ts';

export const restoreTargets = (_entry: VaultwardenEntry): readonly RestoreTarget[] => [
  { to: 'live', says: 'in place of what is in the data folder now; Vaultwarden is stopped for that' },
  { to: '/FOLDER', says: 'beside it, into a folder that is empty or not there yet; with --only, one file or folder' },
];

export function planRestore(
  entry: VaultwardenEntry,
  wish: RestoreWish,
  context: LayerContext,
  scouted: Json = null,
): Planned {
  const { target, point, only } = wish;
  if (target === 'live') return planLive(entry, wish, context, scouted);
  const folders = 'where to was not said, and nothing is put below a Vaultwarden that runs unless that is said';
  const planned = planTreeRestore(entry, wish, folders, scouted);
  const settle = planned.steps.at(-1);
  if (settle === undefined || target === undefined) return withHint(planned);
  const notes = only === undefined ? [...planned.notes, ...missingNotes(entry, point)] : planned.notes;
  return { ...planned, notes, steps: [...planned.steps, proveStep(settle, wish, { machine: point.machine, target })] };
}

/** What a tree's own refusal cannot know: there is another place. */
const withHint = (planned: Planned): Planned => ({
  ...planned,
  refusals: planned.refusals.map((one) =>
    one.code === 'target-missing'
      ? { ...one, remedy: 'say where to: --to live, or --to /FOLDER, absent or empty' }
      : one,
  ),
});

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

function planLive(entry: VaultwardenEntry, wish: RestoreWish, context: LayerContext, scouted: Json): Planned {
  const refusal = refusalOf(entry, wish);
  if (refusal !== undefined) return refused(refusal);
  const { point } = wish;
  const live = scoutedLive.parse(scouted);
  const { counts } = point.manifest;
  const given: LiveGiven = {
    ...{ entry, points: pointsMachine(entry), folder: point.folder, seen: live.seen },
    rows: Object.fromEntries(judgedTables.flatMap((table) => (table in counts ? [[table, counts[table] ?? 0]] : []))),
    names: [...new Set([...always, ...live.names, ...namesIn(point)])].sort(),
  };
  const { steps, notes } = liveSteps(given, live, wish, context);
  return { steps, notes: [...notes, ...missingNotes(entry, point)], refusals: [] };
}

const namesIn = ({ manifest }: RestorePoint): readonly string[] =>
  z.array(z.string()).catch([]).parse(manifest.details['names']);

function refusalOf({ name, service }: VaultwardenEntry, { point, only }: RestoreWish): Refusal | undefined {
  const subject = ref('layer', name);
  if (service === undefined)
    return {
      ...{ subject, code: 'service-not-declared' },
      says: 'the layer has no `service`, and nothing is put below a Vaultwarden that runs',
      remedy:
        'declare how it is stopped and started, or bring the point into a folder (--to /FOLDER) and put it in place by hand',
    };
  if (only !== undefined)
    return {
      ...{ subject, code: 'only-not-live' },
      says: `${shown(only)} alone is not put in the live place: its rows and its files belong together`,
      remedy: 'bring it into a folder (--to /FOLDER --only PATH) and copy it from there, or leave `--only` out',
    };
  if ((point.manifest.counts['databases'] ?? 0) === 1 && !isDamaged(point)) return undefined;
  return {
    ...{ subject, code: 'point-not-sound' },
    says: 'the database in this point is not sound, or there is none: it was put aside as it was before a restore',
    remedy: 'choose another point (`holdfast points`), or bring this one into a folder and see what can be had of it',
  };
}

const isDamaged = ({ manifest }: RestorePoint): boolean =>
  z.array(z.unknown()).catch([]).parse(manifest.details['not_whole']).length > 0;

function missingNotes({ name }: VaultwardenEntry, point: RestorePoint): readonly Note[] {
  const { names, files } = missingIn(point);
  if (files === 0) return [];
  return [
    {
      ...{ subject: ref('layer', name), level: 'warning' },
      says: `${count(files, 'file')} that its database knows ${files === 1 ? 'is' : 'are'} not in this point: ${names.slice(0, 3).map(shown).join(', ')}${files > 3 ? ' and more' : ''}`,
    },
  ];
}
