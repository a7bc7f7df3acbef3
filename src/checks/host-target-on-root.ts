// Backups that land on the root disk of the host: a folder storage whose disk is not mounted, `local`, or a job's own folder.
// The disk fills, and with it every guest of the host stops; and what is there is lost together with the host.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { BackupJob, HostFacts, HostFolder, HostStorage, Sourced } from '../model/host.ts';
import { type Ref, ref } from '../values/ref.ts';
import { bytes, formatSize, type Size } from '../values/size.ts';
import { shown } from '../values/text.ts';

export const hostTargetOnRoot: HostCheck = {
  name: 'host-target-on-root',
  judges: 'host',
  says: 'backups land on the root disk of the host',
  judge: (facts) => targetsOf(facts).flatMap((target) => judgeTarget(facts, target)),
};

type Target = Readonly<{
  subject: Ref;
  /** `storage usb` */
  name: string;
  path: string;
  from: Sourced;
  jobs: readonly BackupJob[];
  remedy: string;
}>;

function targetsOf({ node, pve }: HostFacts): readonly Target[] {
  const jobs = pve?.jobs?.filter(({ enabled, node: only }) => enabled && (only ?? node) === node) ?? [];
  const storages =
    pve?.storages?.filter((storage) => isFolder(storage) && (storage.nodes?.includes(node) ?? true)) ?? [];
  const fromStorages = storages.flatMap(({ name, path = usual, ...from }) => {
    const own = jobs.filter(({ storage }) => storage === name);
    const subject = ref('pve-storage', node, name);
    return [
      {
        subject,
        name: `storage ${name}`,
        path,
        from,
        jobs: own,
        remedy: remedyFor(pve?.storages ?? [], name, path, own),
      },
    ];
  });
  const fromJobs = jobs.flatMap((job) => {
    if (job.storage !== undefined || job.dumpdir === undefined) return [];
    const remedy = toAnother(pve?.storages ?? [], [job]);
    return [
      {
        subject: ref('backup-job', node, job.id),
        name: `job ${job.id}`,
        path: job.dumpdir,
        from: job,
        jobs: [job],
        remedy,
      },
    ];
  });
  // Where PVE keeps templates and images by default is meant to be on the root disk, and no risk while no job goes there.
  return [...fromStorages, ...fromJobs].filter(({ path, jobs: own }) => own.length > 0 || path !== usual);
}

const usual = '/var/lib/vz';

const isFolder = ({ type, content, disabled, mountDemanded }: HostStorage): boolean =>
  (type === 'dir' || type === 'btrfs') && content.includes('backup') && !disabled && !mountDemanded;

function judgeTarget(facts: HostFacts, { subject, name, path, from, jobs, remedy }: Target): readonly Finding[] {
  const folder = facts.pve?.folders.find((one) => one.path === path);
  if (folder?.mountPoint !== '/') return [];
  const needs = sizeOf(facts, jobs);
  const tooMuch = needs !== undefined && folder.free !== undefined && needs > folder.free;
  return [
    finding({
      check: hostTargetOnRoot.name,
      subject,
      severity: tooMuch ? 'critical' : 'warning',
      says: `backups to ${name} land on the root disk of ${facts.node}, in ${shown(path)}: ${sizesSaid(folder, needs)}`,
      evidence: [
        { says: `${name}: ${shown(path)}`, source: from.source, at: from.at },
        { says: `the path lies on / (${folder.fileSystem})`, source: folder.source, at: folder.at },
        ...jobs.map(({ id, source, at }) => ({ says: `job ${id} writes there`, source, at })),
      ],
      cause:
        path === usual
          ? 'it is the folder PVE keeps its own files in'
          : 'nothing is mounted there, and nothing demands that something is',
      remedy,
    }),
  ];
}

function sizesSaid({ free }: HostFolder, needs: Size | undefined): string {
  const room = free === undefined ? 'its free space is unknown' : `${formatSize(free)} are free`;
  return needs === undefined ? room : `${room}; the guests that go there have disks of ${formatSize(needs)}`;
}

/** What the disks of this node's guests in these jobs add up to; undefined where nothing goes there or a size is unknown. */
function sizeOf(facts: HostFacts, jobs: readonly BackupJob[]): Size | undefined {
  const taken = new Set(jobs.flatMap(({ takes }) => takes ?? []));
  const guests = facts.pve?.guests?.filter(({ vmid, node }) => taken.has(vmid) && node === facts.node) ?? [];
  const disks = guests.flatMap((guest) => guest.disks.filter(({ leftOut }) => leftOut === undefined));
  const sizes = disks.flatMap(({ size }) => size ?? []);
  const whole = sizes.length > 0 && sizes.length === disks.length;
  return whole ? bytes(sizes.reduce((sum, size) => sum + size, 0)) : undefined;
}

const remedyFor = (storages: readonly HostStorage[], name: string, path: string, jobs: readonly BackupJob[]): string =>
  path === usual
    ? toAnother(storages, jobs)
    : `mount its disk on ${shown(path)}, then: pvesm set ${name} --is_mountpoint yes`;

function toAnother(storages: readonly HostStorage[], jobs: readonly BackupJob[]): string {
  const other = storages.find(({ pbs, disabled }) => pbs !== undefined && !disabled)?.name ?? 'STORAGE';
  return jobs.map(({ id }) => `pvesh set /cluster/backup/${id} --storage ${other}`).join('; ');
}
