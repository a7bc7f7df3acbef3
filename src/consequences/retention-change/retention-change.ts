// Retention that changes: which snapshots become prunable, when the first of them goes, and which rule keeps the rest. Only
// what was not prunable until now counts, and only where retention changes is anything asked.
import type { Consequence, Judged, Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { FactTypes } from '../../model/fact-types.ts';
import type { AskOf, Facts } from '../../model/facts.ts';
import { isCalendarProblem } from '../../values/calendar.ts';
import { nextEvent } from '../../values/calendar-next.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import type { Keep } from '../../values/retention.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { type Answered, answered, notComputed } from '../compare/answered.ts';
import { configured, textOf } from '../compare/configured.ts';
import { keepIn, pruneJobsBy, reaches } from '../compare/policies.ts';
import { groupOf } from '../compare/selection.ts';
import { labelOf, type Target } from '../compare/storages.ts';
import { moment } from '../compare/words.ts';
import { newlyPrunable } from './newly-prunable.ts';
import { type PbsChange, pbsChanges } from './pbs-changes.ts';
import { type PveChange, pveChanges } from './pve-changes.ts';
import { type Changed, said } from './said.ts';

export const retentionChange: Consequence = {
  name: 'retention-change',
  asks: (look) => [
    ...pbsChanges(look).flatMap(({ pbs, asks }) => (asks.length === 0 ? [] : [zoneOf(pbs), ...asks])),
    ...pveChanges(look).flatMap(({ server, target, keep, isEmpty }) =>
      target === undefined || keep === undefined || isEmpty
        ? []
        : [zoneOf(target.pbs), snapshotsIn(target), { fact: 'guests' as const, server }],
    ),
  ],
  judge: (look, facts) => ({
    means: [
      ...pbsChanges(look).map((change) => ({ change, says: ofPbs(look, change, facts) })),
      ...ofAllPve(look, facts),
    ].flatMap(({ change, says }) => says.map((one) => ({ step: change.step.id, ...one }))),
  }),
};

const zoneOf = (server: string): AskOf<'time-zone'> => ({ fact: 'time-zone', server });
const snapshotsIn = ({ pbs, store, namespace }: Target): AskOf<'snapshots'> => ({
  ...{ fact: 'snapshots', server: pbs, store, namespace },
});

type Said = Omit<NonNullable<Judged['means']>[number], 'step'>;
const what = 'which snapshots become prunable';
const unknown = (says: string): readonly Said[] => [{ says: notComputed(what, says) }];
const losing = (changed: readonly Changed[], when: string): readonly Said[] => {
  const goes = changed.some(({ groups }) => groups.some(({ going }) => going.length > 0));
  return said(changed, when).map((says) => (goes ? { says, risk: 'loses a restore point' } : { says }));
};

function ofPbs(look: Look, { pbs, store, job, until, asks }: PbsChange, facts: Facts): readonly Said[] {
  if (asks.length === 0) return losing([], '');
  const zone = answered(facts, zoneOf(pbs));
  if ('says' in zone) return unknown(zone.says);
  const told = asks.map((ask) => namespacesTold(facts, ask));
  const missing = told.flatMap((one) => ('says' in one ? unknown(one.says) : []));
  const changed = told
    .flatMap((one) => ('says' in one ? [] : one.answer))
    .map(({ namespace, snapshots }) => ({
      where: labelOf({ store, namespace }),
      groups: newlyPrunable(
        snapshots,
        { keep: keepIn(job['keep']) ?? {}, until: keepsIn(until, namespace) },
        zone.answer,
      ),
    }));
  return [
    ...(changed.length === 0 ? [] : losing(changed, nextRun(look, textOf(job['schedule']), zone.answer))),
    ...missing,
  ];
}

const keepsIn = (jobs: readonly Fields[], namespace: string): readonly Keep[] =>
  jobs.filter((job) => reaches(job, namespace)).map((job) => keepIn(job['keep']) ?? {});

type Namespaces = FactTypes['snapshots-below']['answer'];

function namespacesTold(facts: Facts, ask: PbsChange['asks'][number]): Answered<Namespaces> {
  if (ask.fact === 'snapshots-below') return answered(facts, ask);
  const told = answered(facts, ask);
  return 'says' in told ? told : { answer: [{ namespace: ask.namespace, snapshots: told.answer }] };
}

function nextRun(look: Look, schedule: string, zone: TimeZone): string {
  const event = parseCalendar(schedule);
  const next = isCalendarProblem(event) ? undefined : nextEvent(event, look.observed.at, zone);
  return next === undefined
    ? `when the job runs, and its schedule "${schedule}" names no time`
    : `at ${moment(next)}, when the job next runs (${schedule}, ${zone})`;
}

function ofAllPve(look: Look, facts: Facts) {
  const changes = pveChanges(look);
  if (changes.length === 0) return [];
  const pruning = pruneJobsBy(configured(look, 'pbs-prune-job'), 'before');
  return changes.map((change) => ({ change, says: ofPve(change, pruning, facts) }));
}

function ofPve(
  { server, target, isEmpty, until, keep, when, concerns }: PveChange,
  pruning: ReturnType<typeof pruneJobsBy>,
  facts: Facts,
): readonly Said[] {
  if (keep === undefined) return unknown("each node's own /etc/vzdump.conf decides it from now on, and was not read");
  if (isEmpty) return losing([], '');
  if (target === undefined) return unknown('the storage leads to no PBS of this estate');
  const asked = [answered(facts, zoneOf(target.pbs)), answered(facts, { fact: 'guests', server })] as const;
  const [zone, guests] = asked;
  const snapshots = answered(facts, snapshotsIn(target));
  if ('says' in zone) return unknown(zone.says);
  if ('says' in guests) return unknown(guests.says);
  if ('says' in snapshots) return unknown(snapshots.says);
  const concerned = new Set(guests.answer.filter(concerns).map(groupOf));
  const theirs = snapshots.answer.filter(({ type, id }) => concerned.has(`${type}/${id}`));
  const byPbs = keepsIn(pruning.get(`${target.pbs} ${target.store}`) ?? [], target.namespace);
  const policy = { keep, until: [...(until === undefined ? [] : [until]), ...byPbs] };
  return losing([{ where: labelOf(target), groups: newlyPrunable(theirs, policy, zone.answer) }], when);
}
