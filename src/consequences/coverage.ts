// Guests that no backup job takes any more once the plan is carried out. A disabled job covers nothing, though PVE's own list
// counts it (facts: pve-api section 12).
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { GuestSeen } from '../model/fact-types.ts';
import type { Facts } from '../model/facts.ts';
import type { Note } from '../model/plan.ts';
import { ref } from '../values/ref.ts';
import { count } from '../values/text.ts';
import { answered, unknownNote } from './compare/answered.ts';
import { type Configured, configured } from './compare/configured.ts';
import { called, poolOf, takes } from './compare/selection.ts';
import { isEnabled } from './compare/storages.ts';
import { listed, unique } from './compare/words.ts';

const kind = 'pve-backup-job';

export const coverage: Consequence = {
  name: 'coverage',
  asks: (look) => [...touched(look).keys()].map((server) => ({ fact: 'guests', server })),
  judge: (look, facts) => {
    const judged = [...touched(look)].map(([server, jobs]) => onServer(server, jobs, facts));
    return {
      means: judged.flatMap(({ means = [] }) => means),
      notes: judged.flatMap(({ notes = [] }) => notes),
    };
  },
};

/** The jobs of servers on which this plan touches one. */
const touched = (look: Look): ReadonlyMap<string, readonly Configured[]> =>
  new Map(
    [...Map.groupBy(configured(look, kind), ({ server }) => server)].filter(([, jobs]) =>
      jobs.some(({ step }) => step !== undefined),
    ),
  );

function onServer(server: string, jobs: readonly Configured[], facts: Facts): Judged {
  const told = answered(facts, { fact: 'guests', server });
  const subject = ref('pve', server);
  if ('says' in told) return { notes: [unknownNote(subject, 'which guests leave all backup jobs', told.says)] };
  const guests = told.answer;
  const [before, after] = [coveredBy(jobs, 'before', guests), coveredBy(jobs, 'after', guests)];
  const left = guests.filter(({ vmid }) => before.has(vmid) && !after.has(vmid));
  const never = guests.filter(({ vmid }) => !before.has(vmid) && !after.has(vmid));
  const notes: readonly Note[] = [
    ...poolsUnseen(jobs, guests).map((pool) =>
      unknownNote(subject, `which guests the pool ${pool} has`, 'none of its members is shown; that needs Pool.Audit'),
    ),
    ...(never.length === 0
      ? []
      : [
          {
            ...{ subject, level: 'info' as const },
            says: `in no enabled backup job, with or without this plan: ${listed(never.map(called))}`,
          },
        ]),
  ];
  return { notes, means: leaving(jobs, left, server) };
}

const coveredBy = (
  jobs: readonly Configured[],
  when: 'before' | 'after',
  guests: readonly GuestSeen[],
): ReadonlySet<number> => {
  const enabled = jobs.flatMap(({ [when]: job }) => (isEnabled(job) ? [job] : []));
  return new Set(guests.filter((guest) => enabled.some((job) => takes(job, guest))).map(({ vmid }) => vmid));
};

/** Said with each step that drops them. */
function leaving(
  jobs: readonly Configured[],
  left: readonly GuestSeen[],
  server: string,
): NonNullable<Judged['means']> {
  return jobs.flatMap(({ step, before }) => {
    if (step === undefined || !isEnabled(before)) return [];
    const dropped = left.filter((guest) => takes(before, guest));
    if (dropped.length === 0) return [];
    const says = `${count(dropped.length, 'guest')} on ${server} ${dropped.length === 1 ? 'is' : 'are'} in no backup job any more: ${listed(dropped.map(called))}`;
    return [{ step: step.id, says, class: 'weakens' as const }];
  });
}

/** Without the right to see pools, guests simply come without one. */
const poolsUnseen = (jobs: readonly Configured[], guests: readonly GuestSeen[]): readonly string[] => {
  const pools = jobs.flatMap(({ before, after }) =>
    [before, after].flatMap((job: Fields | undefined) => (isEnabled(job) ? (poolOf(job) ?? []) : [])),
  );
  return unique(pools).filter((pool) => !guests.some((guest) => guest.pool === pool));
};
