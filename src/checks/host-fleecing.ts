// Fleecing on a storage that gives a disk its whole size at once: each VM needs as much room there as its disks are large,
// for as long as its backup runs. On a thin storage only what is overwritten meanwhile is kept.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding, type Severity } from '../model/finding.ts';
import { type BackupJob, type HostFacts, type HostGuest, type HostStorage, nameOf } from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { bytes, formatSize, type Size } from '../values/size.ts';
import { shown } from '../values/text.ts';

export const hostFleecing: HostCheck = {
  name: 'host-fleecing',
  judges: 'host',
  says: 'fleecing needs the whole size of a VM on a storage that is not thin',
  judge: (facts) => {
    const { pve } = facts;
    const { storages, guests } = pve ?? {};
    if (pve?.jobs === undefined || storages === undefined || guests === undefined) return [];
    return pve.jobs.flatMap((job) => {
      const taken = guests.filter(({ vmid, kind, node, template }) => {
        return kind === 'vm' && node === facts.node && !template && job.takes?.includes(vmid);
      });
      return judgeJob(facts, job, storages, taken);
    });
  },
};

function judgeJob(
  facts: HostFacts,
  job: BackupJob,
  storages: readonly HostStorage[],
  guests: readonly HostGuest[],
): readonly Finding[] {
  const storage = storages.find(({ name }) => name === job.fleecing);
  if (!job.enabled || job.fleecing === undefined || storage?.thick === false) return [];
  // The guests of a node go one after the other, so the largest decides.
  const [largest] = guests.map((guest) => ({ guest, needs: fleeced(guest) })).sort(largestFirst);
  if (largest === undefined) return [];
  const { guest, needs } = largest;
  const certain = storage?.thick === true;
  const free = storage?.free;
  const room = free === undefined ? 'whose free space is unknown' : `where ${formatSize(free)} are free`;
  const kind = storage === undefined ? 'is not in storage.cfg' : `is of type ${storage.type}`;
  return [
    finding({
      check: hostFleecing.name,
      subject: ref('backup-job', facts.node, job.id),
      severity: severityOf(certain, needs, free),
      says: `fleecing of job ${job.id} ${certain ? 'takes' : 'may take'} ${needs === undefined ? 'an unknown size' : formatSize(needs)} at once for ${nameOf(guest)} on ${shown(job.fleecing)}, ${room}`,
      evidence: [
        { says: `job ${job.id}: fleecing on ${shown(job.fleecing)}`, source: job.source, at: job.at },
        ...(storage === undefined ? [] : [{ says: `${storage.name} ${kind}`, source: storage.source, at: storage.at }]),
        ...guest.disks.map(({ key, value }) => ({
          says: `${key}: ${shown(value)}`,
          source: guest.source,
          at: guest.at,
        })),
      ],
      cause: certain
        ? `storage ${shown(job.fleecing)} ${kind} and gives a fleecing image the whole size of its disk`
        : `storage ${shown(job.fleecing)} ${kind}; whether it is thin could not be told`,
      remedy: remedyFor(job, storages),
    }),
  ];
}

function severityOf(certain: boolean, needs: Size | undefined, free: Size | undefined): Severity {
  if (!certain || needs === undefined || free === undefined) return 'warning';
  return needs > free ? 'critical' : 'info';
}

/** Undefined where a disk's size is not known. EFI and TPM disks are left out of fleecing. */
function fleeced(guest: HostGuest): Size | undefined {
  const disks = guest.disks.filter(({ key, leftOut }) => leftOut === undefined && !/^(?:efidisk|tpmstate)/.test(key));
  const sizes = disks.flatMap(({ size }) => size ?? []);
  return sizes.length < disks.length ? undefined : bytes(sizes.reduce((sum, size) => sum + size, 0));
}

type Need = Readonly<{ guest: HostGuest; needs: Size | undefined }>;
const largestFirst = (one: Need, other: Need): number =>
  (other.needs ?? Number.MAX_SAFE_INTEGER) - (one.needs ?? Number.MAX_SAFE_INTEGER);

function remedyFor({ id }: BackupJob, storages: readonly HostStorage[]): string {
  const thin = storages.find(({ thick, snapshots, content, disabled }) => {
    return thick === false && snapshots === true && content.includes('images') && !disabled;
  });
  return `pvesh set /cluster/backup/${id} --fleecing enabled=1,storage=${thin?.name ?? 'STORAGE'}${thin === undefined ? ', a thin storage' : ''}; or --fleecing enabled=0`;
}
