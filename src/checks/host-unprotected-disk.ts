// A disk or mount point that vzdump passes over although the guest is backed up: after a restore it is missing, or empty.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding, type Severity } from '../model/finding.ts';
import { type GuestDisk, type HostFacts, type HostGuest, type LeftOut, nameOf } from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { quoted } from '../values/shell.ts';
import { formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';

export const hostUnprotectedDisk: HostCheck = {
  name: 'host-unprotected-disk',
  judges: 'host',
  says: 'a disk or mount point of a guest is left out of its backups',
  judge: (facts) => {
    const jobs = facts.pve?.jobs?.filter(({ enabled }) => enabled) ?? [];
    const taken = new Set(jobs.flatMap(({ takes }) => takes ?? []));
    const guests = facts.pve?.guests?.filter(({ vmid }) => taken.has(vmid)) ?? [];
    return guests.flatMap((guest) => guest.disks.flatMap((disk) => judgeDisk(facts, guest, disk)));
  },
};

const severities: Readonly<Record<LeftOut, Severity>> = {
  'backup=0': 'warning',
  'no backup=1': 'warning',
  'device of the host': 'warning',
  'bind mount': 'info',
};

const causes: Readonly<Record<LeftOut, string>> = {
  'backup=0': 'the disk says backup=0',
  'no backup=1': 'a mount point is backed up only when it says backup=1, and this one does not',
  'device of the host': 'it is a device of the host that is passed through, not a volume of a storage',
  'bind mount': 'it is a folder of the host: vzdump never follows a bind mount',
};

function judgeDisk(facts: HostFacts, guest: HostGuest, disk: GuestDisk): readonly Finding[] {
  const { key, volume, size, leftOut } = disk;
  if (leftOut === undefined) return [];
  const what = `${key} (${shown(volume)}${size === undefined ? '' : `, ${formatSize(size)}`})`;
  return [
    finding({
      check: hostUnprotectedDisk.name,
      subject: ref('guest-disk', facts.node, String(guest.vmid), key),
      severity: severities[leftOut],
      says: `${what} of ${nameOf(guest)} is not in its backups: a restore brings the guest back without it`,
      evidence: [{ says: `${key}: ${shown(disk.value)}`, source: guest.source, at: guest.at }],
      cause: causes[leftOut],
      remedy: remedyFor(guest, disk, leftOut),
    }),
  ];
}

function remedyFor({ vmid, kind }: HostGuest, { key, value, volume }: GuestDisk, leftOut: LeftOut): string {
  const rest = value.split(',').filter((part) => !part.startsWith('backup='));
  if (leftOut === 'backup=0') return shown(`qm set ${vmid} --${key} ${quoted(rest.join(','))}`);
  if (leftOut === 'no backup=1') return shown(`pct set ${vmid} --${key} ${quoted([...rest, 'backup=1'].join(','))}`);
  if (leftOut === 'bind mount') return `back up ${shown(volume)} on the host itself, as a workload of its own`;
  const inside = kind === 'vm' ? 'from inside the VM' : 'on the host';
  return `back it up ${inside}, as a workload of its own, or move what is on it to a volume of a storage`;
}
