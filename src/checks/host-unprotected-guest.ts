// A guest no enabled backup job takes. PVE's own list of such guests counts disabled jobs as protection, and jobs whose storage
// cannot be written to (facts: pve-api section 4), so it is worked out here.
import type { HostCheck } from '../contracts/check.ts';
import { type Evidence, type Finding, finding } from '../model/finding.ts';
import {
  type BackupJob,
  type HostFacts,
  type HostGuest,
  type HostStorage,
  nameOf,
  type PveFacts,
} from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';

export const hostUnprotectedGuest: HostCheck = {
  name: 'host-unprotected-guest',
  judges: 'host',
  says: 'a guest is in no backup job that can run',
  judge: (facts) => {
    const { pve } = facts;
    if (pve?.guests === undefined || pve.jobs === undefined) return [];
    return pve.guests
      .filter((guest) => !isPbs(guest, pve))
      .flatMap((guest) => judgeGuest(facts, pve, pve.jobs ?? [], guest));
  },
};

/** A PBS that is a guest must not be backed up into itself; host-pbs-inside speaks of it. */
const isPbs = (guest: HostGuest, { storages }: PveFacts): boolean =>
  (storages ?? []).some(({ pbs }) => pbs?.home.at === 'guest' && pbs.home.vmid === guest.vmid);

/** How a job stands to a guest; `misses` has what is in the way, and the command that clears it. */
type Standing =
  | Readonly<{ is: 'takes' | 'unknown' | 'unrelated' }>
  | Readonly<{ is: 'misses'; because: string; remedy: string }>;

function judgeGuest(facts: HostFacts, pve: PveFacts, jobs: readonly BackupJob[], guest: HostGuest): readonly Finding[] {
  const standings = jobs.map((job) => standingOf(job, guest, pve.storages));
  if (standings.some(({ is }) => is === 'takes')) return [];
  const unknown = standings.some(({ is }) => is === 'unknown');
  const misses = standings.flatMap((standing) => (standing.is === 'misses' ? [standing] : []));
  const uncertain = unknown || pve.oldStyleJobs > 0;
  return [
    finding({
      check: hostUnprotectedGuest.name,
      subject: ref('guest', facts.node, String(guest.vmid)),
      severity: uncertain ? 'warning' : guest.template ? 'info' : 'critical',
      says: uncertain
        ? `${nameOf(guest)} on ${guest.node} may be in no backup job: not everything about the jobs could be read`
        : `${nameOf(guest)} on ${guest.node} is in no backup job that can run: nothing would bring it back`,
      evidence: evidenceFor(guest, jobs),
      cause: misses.map(({ because }) => because).join('; ') || causeWithout(jobs, unknown, pve),
      remedy: misses[0]?.remedy ?? joinJob(facts, pve, jobs, guest),
    }),
  ];
}

function standingOf(job: BackupJob, guest: HostGuest, storages: readonly HostStorage[] | undefined): Standing {
  const { takes, selection, id } = job;
  if (takes === undefined) return { is: job.enabled ? 'unknown' : 'unrelated' };
  if (!takes.includes(guest.vmid)) {
    const isForItsNode = (job.node ?? guest.node) === guest.node;
    if (!isForItsNode || selection.by !== 'all' || !selection.except.includes(guest.vmid)) return { is: 'unrelated' };
    const rest = selection.except.filter((vmid) => vmid !== guest.vmid);
    // Sending an empty `exclude` would not clear it (facts: pve-api section 4).
    const change = rest.length === 0 ? '--delete exclude' : `--exclude ${rest.join(',')}`;
    const meant =
      'where it is meant to be left out, say so in the estate, under `exclusions`, with reason, owner and review_by';
    return {
      is: 'misses',
      because: `job ${id} excludes it`,
      remedy: `pvesh set /cluster/backup/${id} ${change}; ${meant}`,
    };
  }
  if (!job.enabled)
    return { is: 'misses', because: `job ${id} is disabled`, remedy: `pvesh set /cluster/backup/${id} --enabled 1` };
  if (storages === undefined || job.storage === undefined) return { is: 'takes' };
  return throughStorage(id, job.storage, guest, storages);
}

function throughStorage(id: string, storage: string, guest: HostGuest, storages: readonly HostStorage[]): Standing {
  const target = storages.find(({ name }) => name === storage);
  const misses = (why: string, remedy: string): Standing => ({
    is: 'misses',
    because: `job ${id} writes to storage ${shown(storage)}, which ${why}`,
    remedy,
  });
  if (target === undefined)
    return misses('does not exist', `pvesh set /cluster/backup/${id} --storage STORAGE, with a storage that exists`);
  if (target.disabled) return misses('is disabled', `pvesm set ${storage} --disable 0`);
  if (target.nodes !== undefined && !target.nodes.includes(guest.node))
    return misses(
      `is not for node ${guest.node}`,
      `pvesm set ${storage} --nodes ${[...target.nodes, guest.node].join(',')}`,
    );
  if (!target.content.includes('backup')) {
    const content = [...target.content.filter((word) => word !== 'none'), 'backup'].join(',');
    return misses('takes no backups', `pvesm set ${storage} --content ${content}`);
  }
  return { is: 'takes' };
}

function causeWithout(jobs: readonly BackupJob[], unknown: boolean, { oldStyleJobs }: PveFacts): string {
  if (unknown) return 'a job goes by a pool, and who is in it could not be read';
  if (oldStyleJobs > 0) return `${count(oldStyleJobs, 'old-style job')} in /etc/pve/vzdump.cron could not be read`;
  return jobs.length === 0 ? 'there is no backup job at all' : `none of ${count(jobs.length, 'job')} selects it`;
}

/** The job it could join, else the line for the estate. */
function joinJob({ node }: HostFacts, pve: PveFacts, jobs: readonly BackupJob[], guest: HostGuest): string {
  for (const { id, enabled, selection, node: only } of jobs)
    if (enabled && selection.by === 'list' && selection.vmids.length > 0 && (only ?? guest.node) === guest.node)
      return `pvesh set /cluster/backup/${id} --vmid ${[...selection.vmids, guest.vmid].join(',')}`;
  const storage = pve.storages?.find(({ pbs, disabled }) => pbs !== undefined && !disabled)?.name;
  const line = `- { name: nightly, on: [${node}], schedule: "02:00", select: all, storage: ${storage ?? 'STORAGE'}, mode: snapshot }`;
  return `add to \`backup_jobs\` of the estate: ${line}${storage === undefined ? '; it needs a storage under `pbs_storages`, too' : ''}`;
}

const evidenceFor = (guest: HostGuest, jobs: readonly BackupJob[]): readonly Evidence[] => [
  { says: `${nameOf(guest)} is on ${guest.node}`, source: guest.source, at: guest.at },
  ...jobs.slice(0, 5).map(({ id, enabled, selection, source, at }) => ({
    says: `job ${id}${enabled ? '' : ' (disabled)'} takes ${said(selection)}`,
    source,
    at,
  })),
];

function said(selection: BackupJob['selection']): string {
  if (selection.by === 'pool') return `pool ${shown(selection.pool)}`;
  if (selection.by === 'list') return `guests ${selection.vmids.join(', ') || 'nobody'}`;
  return selection.except.length === 0 ? 'all guests' : `all guests but ${selection.except.join(', ')}`;
}
