// A storage entry that is removed, or removed and made anew, and one that leads elsewhere: what that does to the jobs that write
// to it, to its rights, its key, and to what PVE still shows of older backups (facts: pve-api section 2).
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { AskOf, Facts } from '../model/facts.ts';
import type { Note } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { isCalendarProblem } from '../values/calendar.ts';
import { nextEvent } from '../values/calendar-next.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { hours } from '../values/duration.ts';
import { after as later } from '../values/instant.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';
import { count } from '../values/text.ts';
import { answered, notComputed, unknownNote } from './compare/answered.ts';
import { type Configured, configured, textOf, unread } from './compare/configured.ts';
import { isEnabled, keyOf, labelOf, type Storages, storagesOf } from './compare/storages.ts';
import { listed, moment, momentOf, unique } from './compare/words.ts';

type Gone = Configured & Readonly<{ step: Step; before: Fields; jobs: readonly Configured[] }>;

export const replacedStorage: Consequence = {
  name: 'replaced-storage',
  asks: (look) =>
    goneIn(look).flatMap(({ server, jobs }): (AskOf<'running-backups'> | AskOf<'time-zone'>)[] => [
      { fact: 'running-backups', server },
      ...(jobs.length === 0 ? [] : [{ fact: 'time-zone' as const, server }]),
    ]),
  judge: (look, facts) => {
    const gone = goneIn(look);
    const storages = storagesOf(look);
    const moved = storages.all.filter(({ step }) => step?.act === 'update');
    return {
      means: [
        ...gone.flatMap((one) => meansOf(look, one)),
        ...[...gone, ...moved].flatMap((one) => hidden(storages, one)),
        ...switchedOff(look, moved),
      ],
      notes: gone.flatMap((one) => notesOf(look, one, facts)),
    };
  },
};

function goneIn(look: Look): readonly Gone[] {
  const gone = configured(look, 'pve-storage').flatMap(({ step, before, ...one }) =>
    before !== undefined && (step?.act === 'replace' || step?.act === 'remove') ? [{ ...one, step, before }] : [],
  );
  if (gone.length === 0) return [];
  const jobs = jobsByStorage(look);
  return gone.map((one) => ({ ...one, jobs: jobs.get(`${one.server} ${one.name}`) ?? [] }));
}

/** Jobs that write to a storage, now or when the plan has been carried out. */
function jobsByStorage(look: Look): ReadonlyMap<string, readonly Configured[]> {
  const writing = configured(look, 'pve-backup-job').flatMap((job) =>
    unique([job.before, job.after].flatMap((fields) => (isEnabled(fields) ? [textOf(fields['storage'])] : []))).map(
      (storage) => ({ at: `${job.server} ${storage}`, job }),
    ),
  );
  return new Map([...Map.groupBy(writing, ({ at }) => at)].map(([at, ones]) => [at, ones.map(({ job }) => job)]));
}

function meansOf(look: Look, gone: Gone): NonNullable<Judged['means']> {
  const { step, server, name, jobs } = gone;
  const unknown = unread(look, 'pve-backup-job').get(server);
  const left = stillOn(jobs, name);
  const lines = [
    ...(unknown === undefined ? [] : [notComputed('which backup jobs write to it', `${server}: ${unknown}`)]),
    ...(left.length === 0 ? [] : [usedBy(step, left)]),
    `PVE takes the rights given on /storage/${name} away with the entry${step.act === 'replace' ? ', and does not give them again' : ''}`,
    ...keyLine(gone),
    ...(step.act === 'replace' ? [] : ['its backups stay on the PBS; PVE shows none of them any more']),
  ];
  return lines.map((says) => ({ step: step.id, says }));
}

function usedBy({ act }: Step, jobs: readonly string[]): string {
  const who = `${count(jobs.length, 'backup job')} ${act === 'replace' ? 'on it' : 'still on it'} (${listed(jobs)})`;
  return act === 'replace'
    ? `${who}: a backup that runs while it is made anew fails`
    : `${who}: each of its runs fails from then on`;
}

function keyLine({ before, step }: Gone): readonly string[] {
  const key = textOf(before['key']);
  if (key === '') return [];
  const { escrow = [] } = step.given as { escrow?: readonly SecretReference[] };
  const kept = escrow.map(nameOfReference).join(', ');
  return [`PVE deletes its encryption key (${key}) with the entry; it is kept in ${kept}, which is opened before`];
}

/** PVE starts no backup to a storage that is off. */
function switchedOff(look: Look, moved: readonly Configured[]): NonNullable<Judged['means']> {
  const off = moved.filter(({ before, after }) => isEnabled(before) && !isEnabled(after));
  if (off.length === 0) return [];
  const jobs = jobsByStorage(look);
  return off.flatMap(({ step, server, name }) => {
    const left = stillOn(jobs.get(`${server} ${name}`) ?? [], name);
    if (step === undefined || left.length === 0) return [];
    return [{ step: step.id, says: usedBy(step, left), class: 'weakens' as const }];
  });
}

const stillOn = (jobs: readonly Configured[], storage: string): readonly string[] =>
  jobs.flatMap(({ name, after }) => (isEnabled(after) && textOf(after['storage']) === storage ? [name] : []));

/** Where it leads elsewhere, what lies where it led is no longer shown. */
function hidden(storages: Storages, storage: Configured): NonNullable<Judged['means']> {
  const { step, before, after } = storage;
  if (step === undefined || before === undefined || after === undefined) return [];
  const [old, present] = [storages.targetOf(storage, before), storages.targetOf(storage, after)];
  // The same PBS under another address shows them all.
  if (old !== undefined && present !== undefined && keyOf(old) === keyOf(present)) return [];
  const [was, is] = [placeOf(before), placeOf(after)];
  if (was === is) return [];
  return [
    {
      step: step.id,
      says: `older backups stay in ${was}; PVE shows none of them there, since the entry leads to ${is}`,
    },
  ];
}

const placeOf = (fields: Fields): string =>
  `${labelOf({ store: textOf(fields['datastore']), namespace: textOf(fields['namespace']) })} on ${textOf(fields['server'])}`;

/** What holds at this moment is no part of the plan's identity. */
function notesOf(look: Look, gone: Gone, facts: Facts): readonly Note[] {
  const { subject, server } = gone;
  const running = answered(facts, { fact: 'running-backups', server });
  return [
    ...('says' in running
      ? [unknownNote(subject, 'whether a backup runs now', running.says)]
      : running.answer.map(({ node, startedAt, vmid }): Note => {
          const whose = vmid === undefined ? '' : ` of ${vmid}`;
          const says = `a backup${whose} runs on ${node} since ${momentOf(startedAt)}: wait for its end before you apply this`;
          return { subject, level: 'warning', says };
        })),
    ...soon(look, gone, facts),
  ];
}

function soon(look: Look, { subject, server, jobs }: Gone, facts: Facts): readonly Note[] {
  if (jobs.length === 0) return [];
  const zone = answered(facts, { fact: 'time-zone', server });
  if ('says' in zone) return [unknownNote(subject, 'whether a job on it starts within the hour', zone.says)];
  const hour = later(look.observed.at, hours(1));
  return jobs.flatMap(({ name, before, after }) => {
    const event = parseCalendar(textOf((before ?? after)?.['schedule']));
    const next = isCalendarProblem(event) ? undefined : nextEvent(event, look.observed.at, zone.answer);
    if (next === undefined || next > hour) return [];
    const says = `the backup job ${name} on it starts at ${moment(next)}, within the hour: apply this after it has ended`;
    return [{ subject, level: 'warning' as const, says }];
  });
}
