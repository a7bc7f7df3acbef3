// What a host sees of its guests' use of memory and disk (facts: pve-api section 8).
import type { PveHost } from './host.ts';
import type { Guest } from './state.ts';
import { has } from './versions.ts';

export type GuestFigures = Readonly<{
  maxcpu: number;
  maxmem: number;
  maxdisk: number;
  cpu: number;
  mem: number;
  disk: number;
  uptime: number;
  netin: number;
  netout: number;
  diskread: number;
  diskwrite: number;
  memhost?: number;
}>;

// Without the driver that tells, page cache counts as used: a backup server that is at work has filled its memory with it.
const withPageCache = 0.959;

/** The VM that looks full although it is not; undefined without the fault. */
function lookingFull({ board, state }: PveHost): number | undefined {
  const fault = board.seen().find(({ name }) => name === 'page-cache-memory');
  if (fault === undefined) return undefined;
  const { object } = fault.options;
  const running = state.guests.find((guest) => guest.type === 'qemu' && guest.status === 'running');
  return object === undefined ? running?.vmid : Number(object);
}

export function guestFigures(host: PveHost, { vmid, type, status, memory, disk, cores, written }: Guest): GuestFigures {
  const sizes = { maxcpu: cores, maxmem: memory, maxdisk: disk };
  const nothing = { ...sizes, cpu: 0, mem: 0, disk: 0, uptime: 0, netin: 0, netout: 0, diskread: 0, diskwrite: 0 };
  if (status === 'stopped') return nothing;
  const share = lookingFull(host) === vmid ? withPageCache : 0.25 + host.chance.next() / 4;
  const used = { mem: Math.round(memory * share), uptime: 432_000, netin: 8e8, netout: 3e8 };
  const running = { ...nothing, ...used, cpu: host.chance.next() / 10 };
  // What a VM uses of its disk is known to nobody outside of it; of a container it is the root file system.
  if (type === 'lxc') return { ...running, disk: written ?? Math.round(disk * 0.3) };
  return has(host.state.version, 'guest-memory-on-host') ? { ...running, memhost: memory } : running;
}
