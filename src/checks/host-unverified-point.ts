// Restore points on a PBS that nothing has proved: never verified, verified long ago, or found bad. A point is given until the
// verify job that reaches it has had its turn; without such a job it never gets one.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import {
  type HostFacts,
  type PbsFacts,
  type PbsNamespace,
  type PbsPoint,
  reaches,
  type VerifyJob,
} from '../model/host.ts';
import { days } from '../values/duration.ts';
import { after, type Instant } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';

export const hostUnverifiedPoint: HostCheck = {
  name: 'host-unverified-point',
  judges: 'host',
  says: 'restore points on PBS failed verification, or were never or not lately verified',
  judge: (facts, now) => {
    const { pbs } = facts;
    return (pbs?.namespaces ?? []).flatMap((space) => [
      ...judgeFailed(facts, space),
      ...judgeUnverified(facts, pbs, space, now),
    ]);
  },
};

const placeOf = ({ store, namespace }: PbsNamespace): string =>
  namespace === '' ? `datastore ${store}` : `datastore ${store}, namespace ${shown(namespace)}`;
const day = (instant: Instant): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`;
const newestFirst = (one: PbsPoint, other: PbsPoint): number => (one.takenAt < other.takenAt ? 1 : -1);

function judgeFailed(facts: HostFacts, space: PbsNamespace): readonly Finding[] {
  const groups = Map.groupBy(
    space.points.filter(({ finished }) => finished),
    ({ group }) => group,
  );
  return [...groups].flatMap(([group, all]) => {
    const points = [...all].sort(newestFirst);
    // Whatever PBS says that is not `ok` is no success.
    const failed = points.filter(({ verified }) => verified !== undefined && verified.state !== 'ok');
    const [newest] = failed;
    if (newest === undefined) return [];
    const good = points.find(({ verified }) => verified?.state === 'ok');
    const rest =
      good === undefined ? 'no point of it is known to be good' : `the newest good one is of ${day(good.takenAt)}`;
    return [
      finding({
        check: hostUnverifiedPoint.name,
        subject: ref('pbs-group', facts.node, space.store, space.namespace, group),
        severity: 'critical',
        says: `${failed.length} of ${count(points.length, 'restore point')} of ${shown(group)} failed verification in ${placeOf(space)}, the newest of ${day(newest.takenAt)}; ${rest}`,
        evidence: failed.slice(0, 5).map(({ takenAt, verified }) => ({
          says: `${shown(group)} of ${day(takenAt)}: ${shown(verified?.state ?? '')}`,
          source: space.source,
          at: space.at,
        })),
        cause: 'chunks are missing or damaged: the log of the verify task names them',
        remedy:
          'see the failed verify task: proxmox-backup-manager task list --all true; then back the guest up again (a new backup stores damaged chunks anew) and verify',
      }),
    ];
  });
}

/** A verified point is good for at least this long, also where no job says when it is verified again. */
const atLeast = 30;
/** No verify job that is kept running runs less often. */
const longestWait = days(31);

function judgeUnverified(
  facts: HostFacts,
  pbs: PbsFacts | undefined,
  space: PbsNamespace,
  now: Instant,
): readonly Finding[] {
  const jobs = pbs?.verifyJobs?.filter((job) => job.store === space.store && reaches(job, space.namespace)) ?? [];
  const points = space.points.filter(
    ({ finished, verified }) => finished && (verified === undefined || verified.state === 'ok'),
  );
  const unproved = points.filter(({ verified }) => verified === undefined);
  // Such a datastore verifies each new point by itself, right after the backup.
  const soon = pbs?.stores?.find(({ name }) => name === space.store)?.verifiesNew ? days(1) : days(0);
  const never = unproved.filter(({ takenAt }) => now > after(takenAt, soon) && overdue(takenAt, jobs, now));
  const old = points.filter(({ verified }) => verified !== undefined && isOld(verified.at, jobs, now));
  if (never.length + old.length === 0) return [];
  const jobsKnown = pbs?.verifyJobs !== undefined;
  const parts = [
    never.length > 0 ? `${never.length} never` : '',
    old.length > 0 ? `${old.length} not lately` : '',
  ].filter((part) => part !== '');
  return [
    finding({
      check: hostUnverifiedPoint.name,
      subject: ref('pbs-namespace', facts.node, space.store, space.namespace),
      severity: 'warning',
      says: `${count(never.length + old.length, 'restore point')} of ${points.length} in ${placeOf(space)} ${never.length + old.length === 1 ? 'is' : 'are'} unproved: ${parts.join(', ')} verified`,
      evidence: [...never, ...old]
        .sort(newestFirst)
        .slice(0, 5)
        .map(({ group, takenAt, verified }) => ({
          says: `${shown(group)} of ${day(takenAt)}: ${verified === undefined ? 'never verified' : `verified ${verified.at === undefined ? 'at an unknown time' : day(verified.at)}`}`,
          source: space.source,
          at: space.at,
        })),
      cause: causeOf(jobs, jobsKnown),
      remedy: jobsKnown
        ? remedyFor(pbs.verifyJobs, space, jobs, old.length > 0)
        : `${list}; ${atOnce(space, old.length > 0)}`,
    }),
  ];
}

/** Whether its turn has come and gone: a verify job ran after `since` without it, none is to run, or none reaches it. */
const overdue = (since: Instant, jobs: readonly VerifyJob[], now: Instant): boolean =>
  !jobs.some(({ last, next }) => {
    // A backup counts from its start, and no verify job sees it while it runs: for that it is given a day.
    const hadItsTurn = last !== undefined && last > after(since, days(1));
    return !hadItsTurn && next !== undefined && next > after(now, days(-1)) && next < after(since, longestWait);
  });

function isOld(verifiedAt: Instant | undefined, jobs: readonly VerifyJob[], now: Instant): boolean {
  if (verifiedAt === undefined) return true;
  const again = jobs.filter(({ againAfter }) => againAfter !== undefined);
  const limit = Math.max(atLeast, ...again.map(({ againAfter }) => againAfter ?? 0));
  const outdated = after(verifiedAt, days(limit + 1));
  return now > outdated && overdue(outdated, again, now);
}

function causeOf(jobs: readonly VerifyJob[], known: boolean): string {
  if (!known) return 'which verify jobs there are could not be read';
  if (jobs.length === 0) return 'no verify job reaches them';
  return jobs
    .map(({ id, last, next, againAfter }) => {
      const ran = last === undefined ? 'never ran' : `last ran ${day(last)}`;
      const runs = next === undefined ? 'has no next run' : `next runs ${day(next)}`;
      const again = againAfter === undefined ? ', and never verifies a point twice' : '';
      return `verify job ${shown(id)} ${ran} and ${runs}${again}`;
    })
    .join('; ');
}

const list = 'proxmox-backup-manager verify-job list';

/** Left to itself, `verify` passes over what was verified at any time before (facts: pbs-api section 4). */
const atOnce = ({ store }: PbsNamespace, again: boolean): string =>
  `at once: proxmox-backup-manager verify ${store}${again ? ` --outdated-after ${atLeast}` : ''}`;

function remedyFor(
  all: readonly VerifyJob[],
  space: PbsNamespace,
  [job]: readonly VerifyJob[],
  again: boolean,
): string {
  const now = atOnce(space, again);
  if (job === undefined) {
    const { store, namespace } = space;
    const within = namespace === '' ? '' : ` --ns ${shown(namespace)}`;
    return `proxmox-backup-manager verify-job create ${freeId(all, space)} --store ${store}${within} --schedule "sat 18:15" --ignore-verified true --outdated-after 30; ${now}`;
  }
  const outdated = job.againAfter === undefined ? ' --outdated-after 30' : '';
  const schedule = job.next === undefined ? ' --schedule "sat 18:15"' : '';
  const change = outdated + schedule;
  return `${change === '' ? '' : `proxmox-backup-manager verify-job update ${shown(job.id)}${change}; `}${now}`;
}

/** PBS takes ids of up to 32 characters. */
function freeId(all: readonly VerifyJob[], { store, namespace }: PbsNamespace): string {
  const place = namespace === '' ? store : `${store}-${namespace.replaceAll('/', '-')}`;
  // The end tells two namespaces of one datastore apart.
  const usual = `weekly-${place.slice(-25)}`;
  const taken = new Set(all.map(({ id }) => id));
  let id = usual;
  for (let again = 2; taken.has(id); again += 1) id = `${usual.slice(0, 29)}-${again}`;
  return id;
}
