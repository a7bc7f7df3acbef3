// A declared backup job of PVE, run now: which guests are where is known only when it is asked, so the step expands into one
// vzdump task per node, as PVE itself would start them (facts, pve-api sections 4 and 5).
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Note } from '../../model/plan.ts';
import type { StagingVerdict } from '../../model/staging/judge-staging.ts';
import type { Staged } from '../../model/staging/staged.ts';
import { absent, type Step } from '../../model/step.ts';
import { type Guest, guests } from '../../proxmox/pve.ts';
import type { Json } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { ref } from '../../values/ref.ts';
import { count } from '../../values/text.ts';
import { type DeclaredOptions, optionsOf } from './job-options.ts';
import { stagingNow } from './staging.ts';
import { type VzdumpGiven, vzdump } from './vzdump.ts';

/** The part of a declared backup job that a run of it needs. */
export type BackupJob = Readonly<{
  name: string;
  on?: readonly string[] | undefined;
  select: 'all' | Readonly<{ all_but: readonly number[] } | { guests: readonly number[] } | { pool: string }>;
  storage: string;
  /** the one node of a cluster it runs on */
  node?: string | undefined;
}> &
  DeclaredOptions;

type JobGiven = Readonly<{ server: string; job: BackupJob; since: Instant }>;
const givenOf = ({ step }: StepContext): JobGiven => step.given as unknown as JobGiven;

const backupJob: StepKind = {
  name: 'guest.backup-job',
  observe: async () => absent,
  do: expand,
  // It only looks; what it started are its children's tasks.
  probe: async () => ({ answer: 'not done', evidence: 'it had not yet said which guests are where' }),
};

export const guestSteps: readonly StepKind[] = [backupJob, vzdump];

async function expand(context: StepContext): Promise<Done> {
  const { server, job, since } = givenOf(context);
  const api = await context.world.server(server, 'run');
  const wanted = (await guests(api, { signal: context.signal })).filter((guest) => isSelected(guest, job));
  if (wanted.length === 0)
    throw new Fault('nothing-to-back-up', {
      where: `${server}, ${job.name}`,
      says: 'no guest that this identity may see is selected by the job',
      remedy: 'see the guests there; an identity without VM.Audit and VM.Backup sees none',
    });
  const byNode = Map.groupBy(wanted, ({ node }) => node);
  const { mode, storage, fleecing } = job;
  const asked = { mode, storage, fleecing: fleecing?.storage };
  const staged = await stagingNow(context.world, server, asked, wanted, context.signal);
  const steps = [...byNode].map(([node, here]) => {
    const refused = staged.find((one) => one.node === node)?.refused ?? [];
    return nodeStep(context, { server, job, since }, node, here, refused);
  });
  const because = [
    `${job.name} selects ${count(wanted.length, 'guest')} on ${count(byNode.size, 'node')} of ${server}`,
  ];
  return {
    result: { guests: wanted.length },
    expands: { because, steps, notes: notesOn(server, staged), afterFailure: 'keep' },
  };
}

const notesOn = (server: string, staged: readonly StagingVerdict[]): readonly Note[] =>
  staged.flatMap(({ node, notes }) =>
    notes.map((says) => ({ subject: ref('guest', server, node), level: 'warning' as const, says })),
  );

function isSelected({ vmid, pool, node: at }: Guest, { select, node }: BackupJob): boolean {
  if (node !== undefined && node !== at) return false;
  if (select === 'all') return true;
  if ('all_but' in select) return !select.all_but.includes(vmid);
  return 'guests' in select ? select.guests.includes(vmid) : pool === select.pool;
}

function nodeStep(
  context: StepContext,
  { server, job, since }: JobGiven,
  node: string,
  here: readonly Guest[],
  refused: readonly Staged[],
): Step {
  const vmids = here.map(({ vmid }) => vmid);
  const given: VzdumpGiven = {
    ...{ server, node, vmids, storage: job.storage, options: optionsOf(job), since },
    ...(refused.length === 0 ? {} : { refused: refused.map(({ says, remedy }) => ({ says, remedy })) }),
  };
  return {
    ...stepOf('guest.vzdump', server, `back up ${vmids.join(', ')} on ${node} to ${job.storage}`),
    id: node,
    subject: ref('guest', server, node),
    because: [`${job.name} selects them, and they are on ${node} now`],
    // A node runs one vzdump at a time; a second one would wait for hours.
    lanes: [`${server} vzdump ${node}`],
    given: given as unknown as Json,
    // PVE removes what the storage's retention no longer keeps, guest by guest, right after each backup (facts, pve-api 3).
    risk: 'loses a restore point',
    wayBack: 'one-way',
    patience: minutes(20),
    needs: context.step.needs,
  };
}

/** One step for each PVE server the job is declared on. Pure. */
export function backupJobSteps(job: BackupJob, servers: readonly string[], madeAt: Instant): readonly Step[] {
  return (job.on ?? servers).map((server) => ({
    ...stepOf('guest.backup-job', server, `run backup job ${job.name} on ${server}`),
    id: server,
    subject: ref('backup-job', server, job.name),
    because: ['it was asked for'],
    given: { server, job, since: madeAt } as unknown as Json,
    expands: true,
  }));
}

const stepOf = (kind: string, server: string, title: string) => ({
  ...{ kind, title, act: 'do' as const, changes: [], after: [], lanes: [], expects: [], expands: false },
  risk: 'adds' as const,
  needs: [
    { server, identity: 'run' as const },
    { server, identity: 'observe' as const },
  ],
  wayBack: 'undo' as const,
  patience: minutes(5),
});
