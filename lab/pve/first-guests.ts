// The guests of each host. Their ids differ: the hosts write to one datastore, where an id names one guest only.
import type { Guest, Pool } from './state.ts';

const gib = 1024 ** 3;

function guest(vmid: number, type: Guest['type'], name: string, gigabytes: number, more: Partial<Guest> = {}): Guest {
  const sizes = { cores: 2, memory: 4 * gib, disk: gigabytes * gib };
  return { vmid, type, name, status: 'running', template: false, tags: '', lock: undefined, ...sizes, ...more };
}

type First = Readonly<{ guests: readonly Guest[]; pools: readonly Pool[] }>;

export const firstGuests: Readonly<Record<'ruapehu' | 'hikurangi', First>> = {
  ruapehu: {
    guests: [
      guest(101, 'qemu', 'web', 32, { tags: 'prod' }),
      guest(102, 'qemu', 'database', 64, { tags: 'critical;prod', cores: 4, memory: 8 * gib }),
      guest(105, 'qemu', 'sandbox', 16, { status: 'stopped' }),
      guest(110, 'lxc', 'dns', 8, { cores: 1, memory: gib }),
      guest(111, 'lxc', 'photos', 240, { tags: 'prod' }),
      guest(190, 'qemu', 'debian-13', 4, { status: 'stopped', template: true }),
    ],
    pools: [{ id: 'drill', comment: 'where restores are rehearsed', members: [105] }],
  },
  hikurangi: {
    guests: [
      guest(201, 'qemu', 'home-assistant', 32, { tags: 'prod' }),
      guest(202, 'qemu', 'git', 48),
      guest(210, 'lxc', 'mail', 24, { tags: 'prod', cores: 1, memory: 2 * gib }),
    ],
    pools: [],
  },
};
