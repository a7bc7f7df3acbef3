// The options of a declared backup job as vzdump takes them, so that a run by hand does what PVE's own run of the job does.
// Some want more rights here than a plain backup does (facts: pve-api section 5): PVE then refuses, and names them.
import { formatPropertyString } from '../../proxmox/property-string.ts';
import type { Keep } from '../../values/retention.ts';
import { keepToProperty } from '../../values/retention-property.ts';
import type { VzdumpGiven } from './vzdump.ts';

export type DeclaredOptions = Readonly<{
  mode: string;
  compress?: string | undefined;
  zstd_threads?: number | undefined;
  pigz_threads?: number | undefined;
  prune_backups?: Keep | undefined;
  remove?: boolean | undefined;
  protected?: boolean | undefined;
  notes_template?: string | undefined;
  bwlimit?: number | undefined;
  ionice?: number | undefined;
  lockwait?: number | undefined;
  stopwait?: number | undefined;
  performance?: Readonly<{ max_workers?: number | undefined; pbs_entries_max?: number | undefined }> | undefined;
  fleecing?: Readonly<{ storage: string }> | undefined;
  change_detection?: string | undefined;
  exclude_paths?: readonly string[] | undefined;
  stdexcludes?: boolean | undefined;
  notification_mode?: string | undefined;
  mailto?: readonly string[] | undefined;
  mailnotification?: string | undefined;
}>;

export function optionsOf(job: DeclaredOptions): VzdumpGiven['options'] {
  const { max_workers, pbs_entries_max } = job.performance ?? {};
  const performance = given({ 'max-workers': max_workers, 'pbs-entries-max': pbs_entries_max });
  return given({
    mode: job.mode,
    compress: job.compress === 'none' ? '0' : job.compress,
    zstd: job.zstd_threads,
    pigz: job.pigz_threads,
    'prune-backups': job.prune_backups === undefined ? undefined : keepToProperty(job.prune_backups),
    remove: job.remove,
    protected: job.protected,
    'notes-template': job.notes_template,
    bwlimit: job.bwlimit,
    ionice: job.ionice,
    lockwait: job.lockwait,
    stopwait: job.stopwait,
    performance: Object.keys(performance).length === 0 ? undefined : formatPropertyString(performance),
    fleecing: job.fleecing === undefined ? undefined : formatPropertyString({ enabled: true, ...job.fleecing }),
    'pbs-change-detection-mode': job.change_detection,
    'exclude-path': job.exclude_paths,
    stdexcludes: job.stdexcludes,
    'notification-mode': job.notification_mode,
    mailto: job.mailto?.join(','),
    mailnotification: job.mailnotification,
  });
}

type Value = string | number | boolean | readonly string[];

const given = <Known extends Value>(options: Readonly<Record<string, Known | undefined>>) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)] as const])),
  ) as Readonly<Record<string, Known extends readonly string[] ? string | readonly string[] : string>>;

function textOf(value: Value): string | readonly string[] {
  if (typeof value === 'object') return value;
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}
