// The guests of seed estate's three hosts, and what was added to show more: an old copy of container 100 on another host, a
// disk of 500 GB, disks that are left out, a template.
import type { Guest, GuestConfig, Pool } from '../pve/state.ts';
import type { HostName } from './nights.ts';

const gib = 1024 ** 3;

type Sizes = Readonly<{ disk: number; written: number; memory: number; cores?: number }>;

function guest(
  vmid: number,
  type: Guest['type'],
  name: string,
  sizes: Sizes,
  config: GuestConfig,
  more: Partial<Guest> = {},
): Guest {
  const { disk, written, memory, cores = 2 } = sizes;
  const megabytes = memory * 1024;
  const own =
    type === 'qemu'
      ? { name, memory: String(megabytes), ostype: 'l26', scsihw: 'virtio-scsi-single' }
      : { hostname: name, memory: megabytes, ostype: 'debian', arch: 'amd64', unprivileged: 1 };
  return {
    ...{ vmid, type, name, status: 'running', template: false, tags: '', lock: undefined, cores },
    ...{ memory: memory * gib, disk: disk * gib, written: written * gib },
    config: { ...own, ...config },
    ...more,
  };
}

const talos = (vmid: number, name: string): Guest =>
  guest(
    vmid,
    'qemu',
    name,
    { disk: 64, written: 18, memory: 8, cores: 4 },
    {
      ...{ scsi0: `local-lvm:vm-${vmid}-disk-0,discard=on,iothread=1,size=64G`, onboot: 1 },
      net0: `virtio=BC:24:11:00:04:${String(vmid % 100).padStart(2, '0')},bridge=vmbr0`,
    },
    { tags: 'talos' },
  );

const ruapehu: readonly Guest[] = [
  guest(
    109,
    'qemu',
    'media',
    { disk: 232, written: 150, memory: 8, cores: 4 },
    {
      ...{
        scsi0: 'local-lvm:vm-109-disk-0,discard=on,iothread=1,size=32G',
        scsi1: 'local-lvm:vm-109-disk-1,backup=0,size=200G',
      },
      ...{ ide2: 'none,media=cdrom', agent: '1', onboot: 1, net0: 'virtio=BC:24:11:00:01:09,bridge=vmbr0' },
    },
    { tags: 'prod' },
  ),
  // The one of the report: larger than the disks that backups were staged on.
  guest(
    201,
    'qemu',
    'records',
    { disk: 500, written: 430, memory: 16, cores: 4 },
    {
      ...{ scsi0: 'local-lvm:vm-201-disk-0,size=500G', agent: 'enabled=1,fstrim_cloned_disks=1', onboot: 1 },
      net0: 'virtio=BC:24:11:00:02:01,bridge=vmbr0',
    },
    { tags: 'prod' },
  ),
  talos(400, 'talos-cp-1'),
  talos(401, 'talos-worker-1'),
  talos(402, 'talos-worker-2'),
  talos(403, 'talos-worker-3'),
  guest(
    450,
    'qemu',
    'win-old',
    { disk: 60, written: 38, memory: 4 },
    {
      ...{
        scsi0: 'local-lvm:vm-450-disk-0,size=60G',
        ostype: 'win10',
        bios: 'ovmf',
        efidisk0: 'local-lvm:vm-450-disk-1,size=4M',
      },
      net0: 'e1000=BC:24:11:00:04:50,bridge=vmbr0',
    },
    { status: 'stopped' },
  ),
  guest(
    451,
    'qemu',
    'forge',
    { disk: 80, written: 33, memory: 8, cores: 4 },
    {
      ...{ scsi0: 'local-lvm:vm-451-disk-0,size=80G', agent: '1', onboot: 1 },
      net0: 'virtio=BC:24:11:00:04:51,bridge=vmbr0',
    },
    { tags: 'prod' },
  ),
  guest(
    900,
    'qemu',
    'debian-13',
    { disk: 4, written: 2, memory: 2 },
    { scsi0: 'local-lvm:base-900-disk-0,size=4G' },
    { status: 'stopped', template: true },
  ),
  // Left behind when the container moved to hikurangi: the same type and id from two hosts, in one namespace.
  guest(
    100,
    'lxc',
    'synapse-old',
    { disk: 16, written: 5, memory: 2 },
    {
      rootfs: 'local-lvm:vm-100-disk-0,size=16G',
    },
    { status: 'stopped' },
  ),
  guest(
    200,
    'lxc',
    'dns1',
    { disk: 8, written: 2, memory: 1, cores: 1 },
    {
      ...{ rootfs: 'local-lvm:vm-200-disk-0,size=8G', mp0: '/srv/media,mp=/srv/media', onboot: 1 },
      net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:02:00,ip=dhcp,type=veth',
    },
  ),
];

const pihanga: readonly Guest[] = [
  // No agent in it: what its host shows of its memory is not what it needs.
  guest(
    101,
    'qemu',
    'pbs',
    { disk: 32, written: 9, memory: 4, cores: 4 },
    {
      ...{ scsi0: 'local-zfs:vm-101-disk-0,size=32G', onboot: 1, net0: 'virtio=BC:24:11:00:01:01,bridge=vmbr0' },
      startup: 'order=1',
    },
    { tags: 'backup' },
  ),
  guest(
    200,
    'qemu',
    'monitoring',
    { disk: 64, written: 27, memory: 8, cores: 4 },
    {
      ...{ scsi0: 'local-zfs:vm-200-disk-0,size=64G', agent: '1', onboot: 1 },
      net0: 'virtio=BC:24:11:00:02:02,bridge=vmbr0',
    },
  ),
];

const hikurangi: readonly Guest[] = [
  guest(
    100,
    'lxc',
    'synapse',
    { disk: 24, written: 11, memory: 4 },
    {
      ...{ rootfs: 'local-lvm:vm-100-disk-0,size=24G', onboot: 1 },
      net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:00,ip=dhcp,type=veth',
    },
    { tags: 'prod' },
  ),
  // Thick LVM has no snapshots: its backup falls back to suspend, and is staged on the host's own disk.
  guest(
    101,
    'lxc',
    'haute-banque',
    { disk: 20, written: 7, memory: 2 },
    {
      ...{ rootfs: 'thick:vm-101-disk-0,size=20G', onboot: 1 },
      net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:11,ip=dhcp,type=veth',
    },
    { tags: 'prod' },
  ),
  guest(
    102,
    'lxc',
    'tamar',
    { disk: 16, written: 6, memory: 4 },
    {
      ...{ rootfs: 'local-lvm:vm-102-disk-0,size=16G', mp0: 'thick:vm-102-disk-0,mp=/srv/data,size=500G,backup=0' },
      ...{ mp1: 'local-lvm:vm-102-disk-1,mp=/var/lib/tamar,size=8G,backup=1', onboot: 1 },
      net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:02,ip=dhcp,type=veth',
    },
  ),
];

const guests: Readonly<Record<HostName, readonly Guest[]>> = { ruapehu, pihanga, hikurangi };
export const guestsOf = (host: HostName): Guest[] => structuredClone([...guests[host]]);

export const poolsOf = (host: HostName): Pool[] =>
  host === 'ruapehu' ? [{ id: 'talos', comment: 'made anew from code', members: [400, 401, 402, 403] }] : [];
