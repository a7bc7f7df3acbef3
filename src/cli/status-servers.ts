// The part of `status` that is about datastores and jobs, and the word on drift in each of its tables.
import type { Plan } from '../model/plan.ts';
import type { DatastoreNow, JobNow, ServersNow } from '../observed/servers-now.ts';
import { formatDuration } from '../values/duration.ts';
import { between, type Instant } from '../values/instant.ts';
import { type Ref, ref } from '../values/ref.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';
import type { Invocation } from './command.ts';
import { tableFor } from './table.ts';

export function driftOf(plan: Plan, declared: ReadonlySet<Ref>, subject: Ref): string {
  if (!declared.has(subject)) return 'not declared';
  const step = plan.steps.find((one) => one.subject === subject);
  if (step !== undefined) return step.changes.map(({ field }) => field).join(', ') || step.act;
  const refusal = plan.refusals.find((one) => one.subject === subject);
  return refusal === undefined ? 'none' : refusal.code;
}

export function serversAsText(
  invocation: Invocation,
  { datastores, jobs, unread }: ServersNow,
  plan: Plan,
  declared: ReadonlySet<Ref>,
): readonly string[] {
  const stores = datastores.map((one) => [
    one.pbs,
    one.store,
    one.used === undefined || one.total === undefined
      ? (one.error ?? 'unknown')
      : `${formatSize(bytes(one.used))} of ${formatSize(bytes(one.total))}`,
    fullWords(one),
    driftOf(plan, declared, ref('pbs-datastore', one.pbs, one.store)),
  ]);
  const runs = jobs.map((one) => [
    one.server,
    one.kind,
    one.kind === 'garbage collection' ? '' : one.id,
    one.on,
    lastWords(invocation, one),
    nextWords(one),
    kindOf[one.kind] === undefined ? '' : driftOf(plan, declared, ref(kindOf[one.kind] ?? '', one.server, one.id)),
  ]);
  return [
    stores.length === 0 ? '' : tableFor(invocation, ['PBS', 'datastore', 'used', 'full', 'drift'], stores),
    runs.length === 0
      ? ''
      : `Jobs\n${tableFor(invocation, ['server', 'job', 'id', 'on', 'last run', 'next run', 'drift'], runs)}`,
    ...unread.map(({ server, what, fault }) => `${what} of ${server} could not be read: ${shown(fault.says)}\n`),
  ];
}

const kindOf: Readonly<Record<string, string>> = {
  backup: 'pve-backup-job',
  prune: 'pbs-prune-job',
  verify: 'pbs-verify-job',
  sync: 'pbs-sync-job',
};

const fullWords = ({ fullAt, at }: DatastoreNow): string =>
  fullAt === undefined ? 'not in sight' : `in ${formatDuration(between(at, fullAt))}`;

const isWell = (outcome: string): boolean => outcome === 'OK' || /^WARNINGS: \d+$/.test(outcome);

function lastWords({ paint }: Invocation, { running, lastEnd, outcome, kind, at }: JobNow): string {
  if (running) return 'running';
  if (lastEnd === undefined || outcome === undefined) return kind === 'backup' ? 'see its tasks' : 'never';
  const words = `${shown(outcome)}, ${formatDuration(between(lastEnd, at))} ago`;
  return isWell(outcome) ? words : paint.bad(words);
}

function nextWords({ enabled, next, at }: JobNow): string {
  if (!enabled) return 'disabled';
  if (next === undefined) return 'not scheduled';
  return isPast(next, at) ? 'due' : `in ${formatDuration(between(at, next))}`;
}

const isPast = (next: Instant, at: Instant): boolean => between(at, next) <= 0;
