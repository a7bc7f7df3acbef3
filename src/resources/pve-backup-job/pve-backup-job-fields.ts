// The options of a backup job. What PVE spells in several parameters, or as an object in its answers and as a text in what it
// is sent (facts: pve-api section 4, "Asymmetry"), is one value here.
import type { Params } from '../../proxmox/api.ts';
import { flag as isOn, type Row, set, text as textOf, whole } from '../../proxmox/decode.ts';
import type { Json } from '../../values/canonical.ts';
import type { FieldTable } from '../common/config-resource.ts';
import {
  type Field,
  type FieldRules,
  flag,
  keepProperty,
  mapped,
  names,
  number,
  properties,
  text,
} from '../common/field.ts';

/** A choice of which the usual one need not be sent: older servers do not know the option at all. */
const choice = (param: string, usual: string, rules: FieldRules = {}): Field =>
  mapped(
    text(param, rules),
    (value) => (value === usual ? '' : value),
    (value) => (value === '' ? usual : value),
  );

// `1` is an old word for lzo.
const compressors: Readonly<Record<string, string>> = { '0': 'none', '1': 'lzo' };

const compress: Field = mapped(
  text('compress', {}, '0'),
  (value) => (value === 'none' ? '0' : value),
  (value) => compressors[String(value)] ?? value,
);

export const selectionParams = ['all', 'exclude', 'vmid', 'pool'] as const;

/** Lists keep the order, the doubles and the separators they were sent with: guests are compared as a set of numbers. */
const guestsIn = (raw: unknown): readonly number[] =>
  set(raw)
    .flatMap((id) => whole(id) ?? [])
    .sort((one, other) => one - other);

/** Null where it selects in two ways at once, or not at all: PVE keeps such a job, and refuses changes that leave it so. */
function selectionIn(row: Row): Json {
  const [pool, listed, left] = [textOf(row['pool']), guestsIn(row['vmid']), guestsIn(row['exclude'])];
  const everyone = isOn(row['all']) || row['exclude'] !== undefined;
  // A pool beside `all` counts, and an `exclude` beside a pool has no effect.
  if (pool !== undefined) return listed.length > 0 ? null : { pool };
  if (listed.length > 0) return everyone ? null : { guests: listed };
  if (!everyone) return null;
  return left.length === 0 ? 'all' : { all_but: left };
}

type Selection = 'all' | Readonly<{ all_but: readonly number[] } | { guests: readonly number[] } | { pool: string }>;

function selectionParamsOf(value: Json): Params {
  const selection = value as Selection | null;
  if (selection === null) return {};
  if (selection === 'all') return { all: true };
  if ('pool' in selection) return { pool: selection.pool };
  if ('guests' in selection) return { vmid: selection.guests.join(',') };
  // `exclude` alone would mean the same; that it does is no reason to rely on it.
  return { all: true, exclude: selection.all_but.join(',') };
}

const selection: Field = {
  params: selectionParams,
  standard: null,
  from: selectionIn,
  to: selectionParamsOf,
  undeletable: true,
};

/** Paths may hold blanks and commas; a job of old has a text in place of the list. */
const paths = (param: string): Field => ({
  params: [param],
  standard: [],
  from: (row) => {
    const raw = row[param];
    const list = Array.isArray(raw) ? raw.flatMap((one) => textOf(one) ?? []) : (textOf(raw)?.split('\0') ?? []);
    return [...new Set(list)].sort();
  },
  to: (value) => ((value as readonly string[]).length === 0 ? {} : { [param]: value as readonly string[] }),
});

const fleecing: Field = mapped(
  properties('fleecing', { enabled: flag('enabled'), storage: text('storage') }, { feature: 'fleecing' }),
  (value) => ({ ...(value as object), ...(storageOf(value) === '' ? {} : { enabled: true }) }),
  (value) => {
    const { enabled, storage } = value as Readonly<{ enabled?: boolean; storage?: string }>;
    return enabled === true ? { storage: storage ?? '' } : {};
  },
);

const storageOf = (value: Json): string => String((value as Readonly<{ storage?: string }>).storage ?? '');

export const jobFields: FieldTable = {
  schedule: text('schedule', { undeletable: true }),
  select: selection,
  // PVE wants it beside a notes template and `protected`, even where the job has one; a job without one writes to `local`.
  storage: text('storage', { always: true, undeletable: true }, 'local'),
  node: text('node'),
  mode: text('mode', {}, 'snapshot'),
  compress,
  zstd_threads: number('zstd'),
  pigz_threads: number('pigz'),
  enabled: flag('enabled', true, { undeletable: true }),
  repeat_missed: flag('repeat-missed'),
  prune_backups: keepProperty('prune-backups'),
  remove: flag('remove', true),
  protected: flag('protected'),
  notes_template: text('notes-template'),
  comment: text('comment'),
  bwlimit: number('bwlimit'),
  ionice: number('ionice'),
  lockwait: number('lockwait'),
  stopwait: number('stopwait'),
  performance: properties('performance', {
    max_workers: number('max-workers'),
    pbs_entries_max: number('pbs-entries-max'),
  }),
  fleecing,
  change_detection: text('pbs-change-detection-mode', { feature: 'pbs-change-detection-mode' }),
  exclude_paths: paths('exclude-path'),
  stdexcludes: flag('stdexcludes', true),
  notification_mode: choice('notification-mode', 'auto', { feature: 'notification-mode' }),
  mailto: names('mailto', 'comma'),
  mailnotification: choice('mailnotification', 'always'),
};
