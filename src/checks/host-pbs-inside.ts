// A PBS that runs on what it protects: lost together with it. And a PBS that is backed up into itself, frozen by its own
// guest agent while it should take the data.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import {
  type BackupJob,
  type HostFacts,
  type HostGuest,
  type HostStorage,
  nameOf,
  type PbsHome,
} from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';

export const hostPbsInside: HostCheck = {
  name: 'host-pbs-inside',
  judges: 'host',
  says: 'a PBS runs on what it protects, or is backed up into itself',
  judge: (facts) => {
    const storages = facts.pve?.storages?.filter(({ pbs, disabled }) => pbs !== undefined && !disabled) ?? [];
    return [
      ...storages.flatMap((storage) => judgeHome(facts, storage)),
      ...storages.flatMap((storage) => judgeJobs(facts, storage)),
      ...besideNothing(facts, storages),
    ];
  },
};

const jobsTo = (facts: HostFacts, storage: HostStorage): readonly BackupJob[] =>
  facts.pve?.jobs?.filter((job) => job.enabled && job.storage === storage.name) ?? [];

function judgeHome(facts: HostFacts, storage: HostStorage): readonly Finding[] {
  const home = storage.pbs?.home;
  if (home === undefined || home.at === 'elsewhere') return [];
  const { node, says } = placeOf(facts, home);
  const guests = facts.pve?.guests ?? [];
  const kept = new Set(jobsTo(facts, storage).flatMap(({ takes }) => takes ?? []));
  const beside = guests.filter((guest) => guest.node === node && kept.has(guest.vmid) && guest.vmid !== vmidOf(home));
  const unknown = home.at === 'unknown';
  const server = shown(storage.pbs?.server ?? '');
  return [
    finding({
      check: hostPbsInside.name,
      subject: ref('pve-storage', facts.node, storage.name),
      severity: unknown ? 'info' : beside.length > 0 ? 'critical' : 'warning',
      says: unknown
        ? `where the PBS of storage ${storage.name} (${server}) runs could not be told: it may be on what it protects`
        : `the PBS of storage ${storage.name} (${server}) ${says}${beside.length > 0 ? `: lost together with ${count(beside.length, 'guest')} it protects` : ''}`,
      evidence: [{ says: home.because, source: storage.source, at: storage.at }],
      cause: unknown ? home.because : 'the copies share the fate of the host they were taken from',
      remedy: remedyFor(home),
    }),
  ];
}

const vmidOf = (home: PbsHome): number | undefined => (home.at === 'guest' ? home.vmid : undefined);

function placeOf(facts: HostFacts, home: PbsHome): { node: string | undefined; says: string } {
  if (home.at === 'this host') return { node: facts.node, says: `runs on this PVE host, ${facts.node}` };
  const guest = guestOf(facts, home);
  return { node: guest?.node, says: guest === undefined ? 'is a guest' : `is ${nameOf(guest)} on ${guest.node}` };
}

const guestOf = (facts: HostFacts, home: PbsHome): HostGuest | undefined =>
  facts.pve?.guests?.find(({ vmid }) => vmid === vmidOf(home));

const movedOut =
  'move PBS to hardware of its own, or sync its datastores to a second PBS elsewhere (`proxmox-backup-manager sync-job create`)';

const remedyFor = (home: PbsHome): string =>
  home.at === 'unknown'
    ? 'say it in the estate, under `pbs`: `runs_on: { pve: NODE, guest: VMID }`, or see which machine answers there'
    : `${movedOut}; until then say it in the estate, under \`pbs\`: \`runs_on: { pve: NODE, guest: VMID }\``;

/** The job that takes the guest in which its own target runs. */
function judgeJobs(facts: HostFacts, storage: HostStorage): readonly Finding[] {
  const home = storage.pbs?.home;
  if (home?.at !== 'guest') return [];
  const guest = guestOf(facts, home);
  const into = jobsTo(facts, storage).filter(({ takes }) => takes?.includes(home.vmid));
  return into.map((job) =>
    finding({
      check: hostPbsInside.name,
      subject: ref('backup-job', facts.node, job.id),
      severity: 'warning',
      says: `job ${job.id} backs ${guest === undefined ? `guest ${home.vmid}` : nameOf(guest)}, which is the PBS it writes to, up into itself`,
      evidence: [
        {
          says: `job ${job.id} writes to ${storage.name} and takes guest ${home.vmid}`,
          source: job.source,
          at: job.at,
        },
        { says: home.because, source: storage.source, at: storage.at },
      ],
      cause: 'PBS is frozen by its own guest agent while it takes the data, and the copy is of no use without PBS',
      remedy: leaveOut(job, home.vmid),
    }),
  );
}

function leaveOut({ id, selection }: BackupJob, vmid: number): string {
  if (selection.by === 'all')
    return `pvesh set /cluster/backup/${id} --exclude ${[...selection.except, vmid].join(',')}`;
  if (selection.by === 'pool') return `pvesh set /pools --poolid ${poolId(selection.pool)} --vms ${vmid} --delete 1`;
  const rest = selection.vmids.filter((other) => other !== vmid);
  return rest.length === 0
    ? `pvesh set /cluster/backup/${id} --enabled 0`
    : `pvesh set /cluster/backup/${id} --vmid ${rest.join(',')}`;
}

const poolId = (pool: string): string => (/^[\w./-]+$/.test(pool) ? pool : 'POOL');

/** PBS is installed on a PVE host and no entry of this cluster points at it: what others keep there is to be thought of. */
function besideNothing(facts: HostFacts, storages: readonly HostStorage[]): readonly Finding[] {
  const stores = facts.pbs?.stores ?? [];
  const [first] = stores;
  if (facts.pve === undefined || first === undefined) return [];
  if (storages.some(({ pbs }) => pbs?.home.at === 'this host')) return [];
  return [
    finding({
      check: hostPbsInside.name,
      subject: ref('host', facts.node),
      severity: 'info',
      says: `PBS with ${count(stores.length, 'datastore')} is installed on the PVE host ${facts.node}: the copies in it are lost with this host`,
      evidence: stores.map(({ name, path, source, at }) => ({
        says: `datastore ${name} in ${shown(path)}`,
        source,
        at,
      })),
      cause: 'PVE and PBS share one machine; no storage of this cluster was seen to point here',
      remedy: `keep nothing here that protects a guest of this host, or ${movedOut}`,
    }),
  ];
}
