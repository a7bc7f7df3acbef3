// What an estate declares of one server, or does there, as the tables of privileges name it. Pure.
import type { PbsServer, PveServer } from '../model/estate.ts';
import type { Thing } from './needs.ts';

type Declared = Readonly<{
  kind: string;
  server: string;
  name: string;
  item: Readonly<Record<string, unknown>>;
  within?: string;
}>;

type Job = Readonly<{
  name: string;
  on?: readonly string[] | undefined;
  storage: string;
  select: 'all' | Readonly<{ all_but?: unknown; guests?: readonly number[]; pool?: string }>;
}>;

export function thingsOf(
  server: PveServer | PbsServer,
  declared: readonly Declared[],
  sections: Readonly<Record<string, unknown>>,
): readonly Thing[] {
  const own = declared.filter((one) => one.server === server.name).map(thingOf);
  if (server.product === 'pbs')
    return [...own, ...server.datastores.map(({ name }) => ({ kind: 'datastore', fields: { name } }))];
  const jobs = (sections['backup_jobs'] ?? []) as readonly Job[];
  return [...own, ...jobs.filter(({ on }) => on?.includes(server.name) ?? true).flatMap(runsOf)];
}

/** What the tables ask for and an item has further in, or only in its name. */
function thingOf({ kind, name, item, within }: Declared): Thing {
  const direction = item['sync_direction'] ?? item['sync-direction'] ?? item['direction'];
  const store = within ?? (kind === 'pbs-namespace' ? name.split('/')[0] : undefined);
  const pool = partOf(item['select'], 'pool');
  const fleecing = partOf(item['fleecing'], 'storage');
  return {
    kind,
    fields: {
      ...(store === undefined ? {} : { store }),
      ...item,
      ...(pool === undefined ? {} : { pool }),
      ...{ name, push: direction === 'push', 'fleecing-storage': fleecing },
    },
  };
}

const partOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

/** A run of a backup job by `holdfast run`. */
function runsOf({ storage, select }: Job): readonly Thing[] {
  const to: Thing = { kind: 'backup-to-storage', fields: { storage } };
  if (select === 'all' || select.all_but !== undefined) return [to, { kind: 'backup-of-all', fields: {} }];
  if (select.pool !== undefined) return [to, { kind: 'backup-of-pool', fields: { pool: select.pool } }];
  return [to, ...(select.guests ?? []).map((vmid) => ({ kind: 'backup-of-guest', fields: { vmid } }))];
}
