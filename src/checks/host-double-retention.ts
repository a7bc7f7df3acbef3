// Two retentions over the same restore points: PVE prunes by its entry or job, PBS by its prune job, and what remains is only
// what both keep. Seen from a PVE host, the PBS side is unknown unless PBS runs there, too; that is said.
import type { HostCheck } from '../contracts/check.ts';
import { type Evidence, type Finding, finding } from '../model/finding.ts';
import {
  type BackupJob,
  type HostFacts,
  type HostStorage,
  type PbsHome,
  type PruneJob,
  type Retention,
  reaches,
} from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { shown } from '../values/text.ts';

export const hostDoubleRetention: HostCheck = {
  name: 'host-double-retention',
  judges: 'host',
  says: 'two retentions prune the same restore points',
  judge: (facts) => [
    ...(facts.pve?.storages ?? []).flatMap((storage) => judgeStorage(facts, storage)),
    ...judgeOverridden(facts),
    ...judgePruneJobs(facts),
  ],
};

/** Each place on PVE from which this storage is pruned, and the command that ends it. */
type Pruning = Readonly<{ says: string; end: string; evidence: Evidence }>;

function pruningsOf(facts: HostFacts, storage: HostStorage): readonly Pruning[] {
  const { name, retention, source, at } = storage;
  const jobs = facts.pve?.jobs?.filter((job) => job.enabled && job.storage === name) ?? [];
  const found: Pruning[] = [];
  const add = (
    where: string,
    rule: Retention | undefined,
    end: string,
    from: { source: string; at: Evidence['at'] },
  ) => {
    if (rule === undefined || rule.keepsAll) return;
    const says = `${where}: ${shown(rule.text)}`;
    found.push({ says, end, evidence: { says, source: from.source, at: from.at } });
  };
  const vzdump = facts.pve?.vzdump;
  const usual = retention ?? vzdump?.retention;
  // Without its own a job falls back to the usual one, so that has to end first.
  const first = usual === undefined || usual.keepsAll ? '' : `${keepAll(name)}; `;
  const falls = jobs.some((job) => job.removes && job.retention === undefined);
  // A backup by hand falls back to the storage, too.
  if (falls || jobs.length === 0) add(`storage ${name}`, retention, keepAll(name), { source, at });
  for (const job of jobs.filter(({ removes }) => removes))
    add(`job ${job.id}`, job.retention, `${first}${dropOwn(job)}`, job);
  if (vzdump !== undefined && retention === undefined && falls)
    add('vzdump.conf', vzdump.retention, keepAll(name), vzdump);
  return found;
}

const keepAll = (storage: string): string => `pvesm set ${storage} --prune-backups keep-all=1`;
const dropOwn = ({ id }: BackupJob): string => `pvesh set /cluster/backup/${id} --delete prune-backups`;

function judgeStorage(facts: HostFacts, storage: HostStorage): readonly Finding[] {
  const prunings = storage.disabled || storage.pbs === undefined ? [] : pruningsOf(facts, storage);
  if (storage.pbs === undefined || prunings.length === 0) return [];
  const { datastore, namespace, home } = storage.pbs;
  const visible = home.at === 'this host' ? facts.pbs?.pruneJobs : undefined;
  const there = visible?.filter((job) => prunes(job) && job.store === datastore && reaches(job, namespace)) ?? [];
  // One retention, on PVE, and PBS is seen to have none: nothing is doubled.
  if (visible !== undefined && there.length === 0) return [];
  const here = prunings.map(({ says }) => says).join('; ');
  const known = there.length > 0;
  return [
    finding({
      check: hostDoubleRetention.name,
      subject: ref('pve-storage', facts.node, storage.name),
      severity: known ? 'warning' : 'info',
      says: known
        ? `PVE and PBS both prune datastore ${datastore}: ${here}; ${there.map(pruneText).join('; ')}`
        : `PVE prunes datastore ${datastore} on PBS (${here}); whether a prune job there does, too, cannot be seen from this host`,
      evidence: [...prunings.map(({ evidence }) => evidence), ...there.map(pruneEvidence)],
      cause: known ? 'what remains is only what both keep' : unseen[home.at],
      remedy: `let PBS alone prune: ${[...new Set(prunings.flatMap(({ end }) => end.split('; ')))].join('; ')}${known ? '' : '; and see there: proxmox-backup-manager prune-job list'}`,
    }),
  ];
}

const unseen: Readonly<Record<PbsHome['at'], string>> = {
  guest: 'PBS runs in a guest, whose configuration is not read from here',
  elsewhere: 'PBS runs elsewhere',
  unknown: 'where PBS runs is not known',
  'this host': 'the prune jobs of PBS on this host could not be read',
};

/** A job without any keep removes nothing (facts: pbs-prune-and-calendar). */
const prunes = ({ enabled, keeps }: PruneJob): boolean => enabled && keeps !== '';

const pruneText = ({ id, keeps, namespace }: PruneJob): string =>
  `prune job ${id}${namespace === '' ? '' : ` on ${shown(namespace)}`}: ${keeps}`;

const pruneEvidence = (job: PruneJob): Evidence => ({ says: pruneText(job), source: job.source, at: job.at });

/** A job's retention takes the place of its storage's: one of the two is there for nothing, and may be the one people read. */
function judgeOverridden(facts: HostFacts): readonly Finding[] {
  const storages = facts.pve?.storages ?? [];
  return (facts.pve?.jobs ?? []).flatMap((job) => {
    const storage = storages.find(({ name }) => name === job.storage);
    const [own, usual] = [job.retention, storage?.retention];
    if (!job.enabled || storage === undefined || own === undefined || usual === undefined) return [];
    if (usual.keepsAll || sameKeeps(own, usual)) return [];
    return [
      finding({
        check: hostDoubleRetention.name,
        subject: ref('backup-job', facts.node, job.id),
        severity: 'info',
        says: `job ${job.id} says ${shown(own.text)} and its storage ${storage.name} says ${shown(usual.text)}: the job's counts`,
        evidence: [
          { says: `job ${job.id}: ${shown(own.text)}`, source: job.source, at: job.at },
          { says: `storage ${storage.name}: ${shown(usual.text)}`, source: storage.source, at: storage.at },
        ],
        cause: 'retention stands in two places and they differ',
        remedy: `leave one: ${dropOwn(job)}, or ${keepAll(storage.name)}`,
      }),
    ];
  });
}

/** PVE keeps no order in those of a job (facts: pve-api section 3). */
const sameKeeps = (one: Retention, other: Retention): boolean =>
  one.text.split(',').sort().join() === other.text.split(',').sort().join();

function judgePruneJobs(facts: HostFacts): readonly Finding[] {
  const jobs = facts.pbs?.pruneJobs?.filter(prunes) ?? [];
  const stores = Map.groupBy(jobs, ({ store }) => store);
  return [...stores].flatMap(([store, own]) => {
    const overlapping = own.filter((job) => own.some((other) => other !== job && meet(job, other)));
    if (overlapping.length === 0) return [];
    const keep = overlapping[0];
    const others = overlapping.slice(1).map(endOf);
    return [
      finding({
        check: hostDoubleRetention.name,
        subject: ref('pbs-datastore', facts.node, store),
        severity: 'warning',
        says: `several prune jobs prune the same namespaces of datastore ${shown(store)}: ${overlapping.map(pruneText).join('; ')}`,
        evidence: overlapping.map(pruneEvidence),
        cause: 'what remains is only what all of them keep',
        remedy: `keep one of them, for instance ${shown(keep?.id ?? '')}: ${others.join('; ')}`,
      }),
    ];
  });
}

/** What a datastore prunes by itself, from before there were prune jobs, has no job to switch off. */
const endOf = ({ id, store, source }: PruneJob): string =>
  source.endsWith('/datastore.cfg')
    ? `proxmox-backup-manager datastore update ${shown(store)} --delete prune-schedule`
    : `proxmox-backup-manager prune-job update ${shown(id)} --disable true`;

const meet = (one: PruneJob, other: PruneJob): boolean =>
  reaches(one, other.namespace) || reaches(other, one.namespace);
