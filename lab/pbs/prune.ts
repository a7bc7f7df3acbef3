// Pruning: the choice is PBS's own (facts: pbs-prune-and-calendar A), and what is not kept is really gone.
import { instantAt } from '../../src/values/instant.ts';
import type { Keep } from '../../src/values/retention.ts';
import { decideRetention } from '../../src/values/retention-decide.ts';
import { retentionRules } from '../../src/values/retention-rules.ts';
import type { Going } from '../tasks/tasks.ts';
import type { PbsHost } from './host.ts';
import type { Snapshot } from './state.ts';
import { type Group, snapshotsOf } from './stores.ts';

export type KeepOptions = Readonly<Record<string, unknown>>;
export type Marked = Readonly<{ snapshot: Snapshot; keep: boolean; mark: string }>;

const keepIn = (options: KeepOptions): Keep =>
  Object.fromEntries(
    retentionRules.flatMap((rule) => {
      const limit = options[`keep-${rule}`];
      return limit === undefined ? [] : [[`keep_${rule}`, Number(limit)]];
    }),
  );

/** `--keep-last 3 --keep-daily 7`, empty where everything is kept */
export const keepText = (options: KeepOptions): string =>
  retentionRules
    .flatMap((rule) => (Number(options[`keep-${rule}`] ?? 0) > 0 ? [`--keep-${rule} ${options[`keep-${rule}`]}`] : []))
    .join(' ');

/** Oldest first. */
export function marked(host: PbsHost, store: string, group: Group, options: KeepOptions): readonly Marked[] {
  const points = snapshotsOf(host, store, group).map((snapshot) => ({
    id: timeText(snapshot),
    takenAt: instantAt(snapshot.time * 1000),
    finished: snapshot.finished,
    protected: snapshot.protected,
    snapshot,
  }));
  return decideRetention(points, keepIn(options), host.state.timeZone)
    .map(({ point, verdict, rule }) => ({
      snapshot: point.snapshot,
      keep: verdict === 'keep',
      mark: verdict === 'remove' ? verdict : (marks[rule] ?? 'keep'),
    }))
    .reverse();
}

const marks: Readonly<Record<string, string>> = { protected: 'keep protected', 'unfinished-newest': 'keep-partial' };

export const timeText = ({ time }: Pick<Snapshot, 'time'>): string => instantAt(time * 1000).replace('.000Z', 'Z');
export const nameOf = (snapshot: Snapshot): string => `${snapshot.type}/${snapshot.id}/${timeText(snapshot)}`;

/** Oldest first, and a line for each. */
export function pruneGroup(host: PbsHost, rows: readonly Marked[], log: Going['log']): void {
  for (const { snapshot, keep, mark } of rows) {
    log(`${mark} ${nameOf(snapshot)}`);
    if (!keep) host.state.snapshots = host.state.snapshots.filter((one) => one !== snapshot);
  }
}

export const shownRow = ({ snapshot, keep }: Marked) => ({
  'backup-type': snapshot.type,
  'backup-id': snapshot.id,
  'backup-time': snapshot.time,
  keep,
  protected: snapshot.protected,
  ...(snapshot.namespace === '' ? {} : { ns: snapshot.namespace }),
});
