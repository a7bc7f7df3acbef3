// `pbs[].sync`: jobs that copy backups from another datastore (pull) or to one (push). What PBS refuses of them, or takes and
// then fails at each run, is said here (facts: pbs-api section 5).
import * as z from 'zod';
import {
  authId,
  byteSize,
  calendarEvent,
  comment,
  namespaceDepth,
  namespaceOrRoot,
  safeId,
  threads,
} from '../common/schema-texts.ts';

const filterForm =
  /^(?:include:|exclude:)?(?:type:(?:vm|ct|host)|group:(?:vm|ct|host)\/[A-Za-z0-9_][A-Za-z0-9._-]*|regex:.+)$/;

const groupFilter = z
  .string()
  .regex(filterForm, 'is no filter; write type:vm, group:vm/100 or regex:^vm/1, and exclude: before it to leave out');

const syncJob = z
  .strictObject({
    name: safeId.describe('the id of the job on the PBS'),
    store: safeId.describe('the datastore on this PBS'),
    remote: safeId.optional().describe('a name of `remotes`; another datastore of this PBS where it is left out'),
    remote_store: safeId.describe('the datastore there'),
    direction: z.enum(['pull', 'push']).default('pull').describe('`pull`: from there to `store`; `push`: from `store`'),
    namespace: namespaceOrRoot.default('').describe('the namespace of `store`; the root where it is left out'),
    remote_namespace: namespaceOrRoot.default('').describe('the namespace there; the root where it is left out'),
    owner: authId.default('root@pam').describe('pull: who owns what arrives; push: with whose rights it is read'),
    remove_vanished: z
      .boolean()
      .default(false)
      .describe('whether what is gone at the source is removed at the target too: then it is no copy to fall back on'),
    max_depth: namespaceDepth
      .optional()
      .describe('how many levels of namespaces below are copied too; all where left out'),
    groups: z.array(groupFilter).default([]).describe('which groups are copied; all where it is left out'),
    schedule: calendarEvent
      .optional()
      .describe("a calendar event, in the PBS's own time zone; it never starts by itself where it is left out"),
    comment: comment.optional().describe('shown on the PBS'),
    rate_in: byteSize.optional().describe('bytes per second that come in at most: 20 MiB'),
    burst_in: byteSize.optional().describe('bytes that may come in at once beyond that'),
    rate_out: byteSize.optional().describe('bytes per second that go out at most'),
    burst_out: byteSize.optional().describe('bytes that may go out at once beyond that'),
    transfer_last: z.int().min(1).optional().describe('only the newest so many snapshots of each group'),
    resync_corrupt: z
      .boolean()
      .default(false)
      .describe('whether a snapshot that failed its verification is fetched anew'),
    encrypted_only: z.boolean().default(false).describe('whether only encrypted snapshots are copied'),
    verified_only: z
      .boolean()
      .default(false)
      .describe('whether only snapshots are copied that passed their verification'),
    run_on_mount: z.boolean().default(false).describe('whether it starts when its removable datastore is mounted'),
    unmount_on_done: z.boolean().default(false).describe('whether the datastore is unmounted after such a run'),
    worker_threads: threads.default(1).describe('groups that are copied at the same time, 1 to 32'),
    active_encryption_key: safeId.optional().describe('the id of the key on the PBS that a push encrypts with'),
    associated_keys: z.array(safeId).default([]).describe('ids of keys on the PBS that a pull may decrypt with'),
  })
  .superRefine((job, context) => {
    for (const [key, message] of problemsOf(job)) context.addIssue({ code: 'custom', path: [key], message });
  });

export const syncJobs = z.array(syncJob);
export type SyncJobEntry = z.infer<typeof syncJob>;

type Job = Omit<SyncJobEntry, 'problems'>;
type Problem = readonly [key: keyof Job & string, says: string];

const problemsOf = (job: Job): readonly Problem[] => [
  ...placeProblems(job),
  ...directionProblems(job),
  ...depthProblems(job),
  ...job.groups.flatMap((filter): readonly Problem[] =>
    isExpression(filter) ? [] : [['groups', `holds ${filter}, which is no regular expression`]],
  ),
  ...(job.unmount_on_done && !job.run_on_mount
    ? ([['unmount_on_done', 'needs `run_on_mount: true` beside it']] as const)
    : []),
];

function placeProblems({ remote, store, remote_store, direction }: Job): readonly Problem[] {
  if (remote !== undefined) return [];
  if (direction === 'push') return [['direction', 'is push, and there is no `remote` to push to']];
  return store === remote_store
    ? [['remote_store', 'is the datastore itself; without a `remote` it is another one of this PBS']]
    : [];
}

function directionProblems({ direction, resync_corrupt, active_encryption_key }: Job): readonly Problem[] {
  if (direction === 'push')
    return resync_corrupt ? [['resync_corrupt', 'is only for pull: a push fetches nothing anew']] : [];
  if (active_encryption_key === undefined) return [];
  return [['active_encryption_key', 'is only for push; a pull decrypts with `associated_keys`']];
}

const deepest = 7;
const depthOf = (namespace: string): number => (namespace === '' ? 0 : namespace.split('/').length);

function depthProblems({ namespace, remote_namespace, max_depth }: Job): readonly Problem[] {
  const depth = Math.max(depthOf(namespace), depthOf(remote_namespace));
  if (max_depth === undefined || depth + max_depth <= deepest) return [];
  return [
    ['max_depth', `is at most ${deepest - depth} here: namespaces are ${deepest} deep, and its own is ${depth} deep`],
  ];
}

function isExpression(filter: string): boolean {
  const written = /^(?:(?:in|ex)clude:)?regex:(.+)$/.exec(filter)?.[1];
  if (written === undefined) return true;
  // PBS's expressions may begin with flags, as `(?i)`, which these here cannot.
  return compiles(written.replace(/^\(\?[a-zA-Z]+\)/, ''));
}

function compiles(expression: string): boolean {
  try {
    new RegExp(expression, 'u');
    return true;
  } catch {
    return false;
  }
}
