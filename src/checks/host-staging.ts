// A container that is copied whole to a disk of this host before it goes anywhere: in suspend mode, which vzdump also falls
// back to by itself where a volume cannot be snapshotted. The root disk that fills takes every guest with it. A VM that goes
// to a PBS stages nothing but its config.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding, type Severity } from '../model/finding.ts';
import { type BackupJob, type HostFacts, type HostGuest, type HostStorage, nameOf } from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { bytes, formatSize, type Size } from '../values/size.ts';
import { stagesBeside } from '../values/storage-type.ts';
import { shown } from '../values/text.ts';

export const hostStaging: HostCheck = {
  name: 'host-staging',
  judges: 'host',
  says: 'a container is copied whole to a disk of the host each time it is backed up',
  judge: (facts) => {
    const { pve } = facts;
    const storages = pve?.storages;
    if (pve?.guests === undefined || pve.jobs === undefined || storages === undefined) return [];
    const containers = pve.guests.filter(
      ({ kind, node, template }) => kind === 'ct' && node === facts.node && !template,
    );
    return containers.flatMap((guest) => {
      const jobs = pve.jobs?.filter(({ enabled, takes }) => enabled && takes?.includes(guest.vmid)) ?? [];
      const staged = jobs.flatMap((job) => stagingOf(facts, storages, job, guest));
      const worst = staged.sort((one, other) => ranks[other.severity] - ranks[one.severity])[0];
      return worst === undefined ? [] : [judgeStaging(facts, guest, worst)];
    });
  },
};

const ranks: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

type Staging = Readonly<{
  job: BackupJob;
  because: string;
  remedy: string;
  certain: boolean;
  severity: Severity;
  folder: Folder;
  needs: Size | undefined;
}>;
type Folder = Readonly<{ path: string; onRoot: boolean; free: Size | undefined }>;

function stagingOf(
  facts: HostFacts,
  storages: readonly HostStorage[],
  job: BackupJob,
  guest: HostGuest,
): readonly Staging[] {
  const reason = reasonFor(storages, job, guest);
  if (reason === undefined) return [];
  const why = guest.running === false ? notNow(reason) : reason;
  const folder = folderFor(facts, storages, job);
  const taken = guest.disks.filter(({ leftOut }) => leftOut === undefined);
  const sizes = taken.flatMap(({ size }) => size ?? []);
  const needs = sizes.length < taken.length ? undefined : bytes(sizes.reduce((sum, size) => sum + size, 0));
  const severity = severityOf(reason.certain, needs, folder.free);
  return [{ job, folder, needs, ...why, severity: why.certain || severity === 'info' ? severity : 'warning' }];
}

/** vzdump reads the volumes of one that is stopped where they are (facts: pve-api section 5). */
const notNow = <Reason extends Readonly<{ because: string }>>(reason: Reason) => ({
  ...reason,
  because: `${reason.because}; it does not run now, and is copied only while it runs`,
  certain: false,
});

function severityOf(certain: boolean, needs: Size | undefined, free: Size | undefined): Severity {
  if (!certain || needs === undefined || free === undefined) return 'warning';
  return needs > free ? 'critical' : 'info';
}

/** Why vzdump would copy it; undefined where it would not. */
function reasonFor(storages: readonly HostStorage[], job: BackupJob, guest: HostGuest) {
  if (job.mode === 'stop') return undefined;
  if (job.mode === 'suspend')
    return {
      because: 'the mode is suspend',
      remedy: `pvesh set /cluster/backup/${job.id} --mode snapshot`,
      certain: true,
    };
  for (const { key, storage: name, leftOut } of guest.disks) {
    const storage = storages.find((entry) => entry.name === name);
    if (leftOut !== undefined || storage?.snapshots === true) continue;
    const target = storages.find(
      ({ snapshots, content, disabled }) => snapshots && content.includes('rootdir') && !disabled,
    );
    const move = `pct move-volume ${guest.vmid} ${key} ${target?.name ?? 'STORAGE'}`;
    const certain = storage?.snapshots === false;
    const says = certain ? 'has no snapshots' : 'is not known to have snapshots';
    return {
      because: `its ${key} lies on storage ${shown(name ?? 'unknown')} (${storage?.type ?? 'not in storage.cfg'}), which ${says}, so vzdump falls back to suspend mode`,
      remedy: `${move}${target === undefined ? ', a storage with snapshots' : ''}; or pvesh set /cluster/backup/${job.id} --mode stop`,
      certain,
    };
  }
  return undefined;
}

function folderFor({ pve }: HostFacts, storages: readonly HostStorage[], job: BackupJob): Folder {
  const target = storages.find(({ name }) => name === job.storage);
  const known = (path: string) => pve?.folders.find((folder) => folder.path === path);
  const beside = job.storage === undefined ? job.dumpdir : target?.path;
  const folder = known(beside ?? '');
  if (job.tmpdir === undefined && beside !== undefined && stagesBeside.has(folder?.fileSystem ?? target?.type ?? '')) {
    const free = folder === undefined ? target?.free : folder.free;
    return { path: job.storage === undefined ? beside : `${beside}/dump`, onRoot: folder?.mountPoint === '/', free };
  }
  const path = job.tmpdir ?? '/var/tmp';
  return { path, onRoot: known(path)?.mountPoint === '/', free: known(path)?.free };
}

function judgeStaging(facts: HostFacts, guest: HostGuest, staging: Staging): Finding {
  const { job, folder, needs, because, remedy, certain, severity } = staging;
  const size = needs === undefined ? 'of unknown size' : `up to ${formatSize(needs)}`;
  const room =
    folder.free === undefined ? 'where the free space is unknown' : `where ${formatSize(folder.free)} are free`;
  const disk = folder.onRoot ? ' on the root disk' : '';
  return finding({
    check: hostStaging.name,
    subject: ref('guest', facts.node, String(guest.vmid)),
    severity,
    says: `job ${job.id} ${certain ? 'copies' : 'may copy'} ${nameOf(guest)} whole, ${size}, to ${shown(folder.path)}${disk}, ${room}`,
    evidence: [
      {
        says: `job ${job.id}: mode ${job.mode}, to ${shown(job.storage ?? job.dumpdir ?? '')}`,
        source: job.source,
        at: job.at,
      },
      ...guest.disks.map(({ key, value }) => ({ says: `${key}: ${shown(value)}`, source: guest.source, at: guest.at })),
      ...(facts.pve?.folders ?? [])
        .filter(({ path }) => folder.path === path || folder.path === `${path}/dump`)
        .map(({ mountPoint, fileSystem, source, at }) => ({
          says: `lies on ${shown(mountPoint)} (${fileSystem})`,
          source,
          at,
        })),
    ],
    cause: because,
    remedy: `${remedy}; or stage where there is room: tmpdir: FOLDER in /etc/vzdump.conf`,
  });
}
