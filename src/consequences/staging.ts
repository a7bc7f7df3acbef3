// Mission row 2.1: before a backup job is applied, does anything stage on a disk of a node that is smaller than the guest? Where
// it is known to, the step is refused with both sizes; what could not be told is said, and refuses nothing.
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { GuestSeen } from '../model/fact-types.ts';
import type { Ask, AskOf, Facts } from '../model/facts.ts';
import type { Refusal } from '../model/plan.ts';
import { judgeStaging, stagingTooSmall } from '../model/staging/judge-staging.ts';
import { leadsToPbs, type StagingJob } from '../model/staging/node-room.ts';
import { mayStage, stagingAsks } from '../model/staging/staging-asks.ts';
import { answered, unknownNote } from './compare/answered.ts';
import { type Configured, configured, textOf, wasRead } from './compare/configured.ts';
import { takes } from './compare/selection.ts';
import { isEnabled, storagesOf } from './compare/storages.ts';

/** `toPbs` is undefined where the storages of type pbs were not read for this plan. */
type Case = Readonly<{ job: Configured & Readonly<{ after: Fields }>; toPbs: boolean | undefined }>;

export const staging: Consequence = {
  name: 'staging',
  asks: (look) => casesIn(look).map(({ job: { server } }) => ({ fact: 'guests', server })),
  asksMore: (look, facts) => casesIn(look).flatMap((one) => moreOf(one, facts)),
  judge: (look, facts) => {
    const judged = casesIn(look).map((one) => judgeCase(one, facts));
    return {
      notes: judged.flatMap(({ notes = [] }) => notes),
      refuses: judged.flatMap(({ refuses = [] }) => refuses),
      refusals: judged.flatMap(({ refusals = [] }) => refusals),
    };
  },
};

/** Jobs that this plan makes, changes or switches on, and declared ones whose storage it does that to. */
function casesIn(look: Look): readonly Case[] {
  const storages = storagesOf(look);
  return configured(look, 'pve-backup-job').flatMap(({ after, ...job }): readonly Case[] => {
    if (!isEnabled(after)) return [];
    const storage = storages.named(job.server, after['storage']);
    const touched = isWritten(job.step) || (job.declared && isWritten(storage?.step));
    const other = wasRead(look, 'pve-storage', job.server) ? false : undefined;
    const one = { job: { ...job, after }, toPbs: storage?.after === undefined ? other : true };
    return touched && mayStage(stagingOf(one, one.toPbs ?? false)) ? [one] : [];
  });
}

const isWritten = (step: Configured['step']): boolean => step !== undefined && step.act !== 'remove';

function stagingOf({ job: { after } }: Case, toPbs: boolean): StagingJob {
  const { mode, storage, fleecing } = after;
  const { storage: fleece } = (fleecing ?? {}) as Readonly<{ storage?: string }>;
  return {
    mode: textOf(mode) === '' ? 'snapshot' : textOf(mode),
    storage: textOf(storage),
    toPbs,
    fleecing: textOf(fleece) === '' ? undefined : textOf(fleece),
  };
}

function moreOf(one: Case, facts: Facts): readonly Ask[] {
  const { server, after } = one.job;
  const told = answered(facts, { fact: 'guests', server });
  if ('says' in told) return [];
  const entries: AskOf<'storage-entries'> = { fact: 'storage-entries', server };
  if (one.toPbs === undefined && facts.of(entries) === undefined) return [entries];
  const toPbs = one.toPbs ?? leadsToPbs(facts, server, textOf(after['storage']));
  return stagingAsks(server, stagingOf(one, toPbs), takenOf(one.job, told.answer), facts);
}

const takenOf = ({ after }: Case['job'], guests: readonly GuestSeen[]): readonly GuestSeen[] =>
  guests.filter((guest) => takes(after, guest));

function judgeCase(one: Case, facts: Facts): Judged {
  const { job } = one;
  const { subject, server, step, after } = job;
  const told = answered(facts, { fact: 'guests', server });
  if ('says' in told) return { notes: [unknownNote(subject, 'what its backups stage on the nodes', told.says)] };
  const staging = stagingOf(one, one.toPbs ?? leadsToPbs(facts, server, textOf(after['storage'])));
  const verdicts = judgeStaging(server, staging, takenOf(job, told.answer), facts);
  const notes = verdicts.flatMap((one) => one.notes).map((says) => ({ subject, level: 'warning' as const, says }));
  const refusals = verdicts.flatMap(({ refused }) =>
    refused.map(({ says, remedy }): Refusal => ({ subject, code: stagingTooSmall, says, remedy })),
  );
  // A job that stays as it is has no step: its storage is not to blame, and is written all the same.
  if (step === undefined) return { notes, refusals };
  return { notes, refuses: refusals.map((refusal) => ({ ...refusal, step: step.id })) };
}
