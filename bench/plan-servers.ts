// 100 Proxmox VE and 20 PBS in one process of their own, as far as a plan asks them: each on its own port over HTTPS, each
// answer 20 ms late. They count what they are asked. The first line of output says where they are.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../lab/certificate.ts';

export const counts = { pve: 100, storages: 10, jobs: 5, pbs: 20, datastores: 10, guests: 20 } as const;
const latency = 20;
const certificate = selfSigned('localhost', Date.now());
const asked: Record<string, number> = {};

const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

const storages = (pin: string) =>
  times(counts.storages, (index) => ({
    ...{
      storage: `pbs-${index}`,
      type: 'pbs',
      server: 'pbs.example',
      datastore: `store${index}`,
      content: 'backup',
      shared: 1,
    },
    ...{ fingerprint: pin, username: 'backup@pbs!pve', 'prune-backups': 'keep-all=1', digest: 'a'.repeat(40) },
  }));
const jobs = times(counts.jobs, (index) => ({
  ...{
    id: `job-${index}`,
    type: 'vzdump',
    enabled: 1,
    schedule: `0${index}:30`,
    storage: `pbs-${index}`,
    mode: index === counts.jobs - 1 ? 'suspend' : 'snapshot',
  },
  ...{ all: 1, compress: 'zstd' },
}));
const containers = 2;
/** Other numbers on each server: they all write to one place, which takes two of a number for one. */
const guestsOn = (server: number) =>
  times(counts.guests, (index) => {
    // Two of them are containers, which are staged where a job suspends them.
    const type = index < containers ? 'lxc' : 'qemu';
    const vmid = 100 + server * 100 + index;
    return {
      ...{ id: `${type}/${vmid}`, vmid, type, name: `guest-${vmid}`, status: 'running', template: 0 },
      node: `node-${server}`,
    };
  });
const datastores = times(counts.datastores, (index) => ({
  ...{ name: `store${index}`, path: `/mnt/store${index}`, 'gc-schedule': 'daily' },
}));
// One of them keeps more than the estate declares: there the plan has to look what becomes prunable.
const pruneJobs = times(counts.datastores, (index) => ({
  ...{ id: `holdfast-store${index}`, store: `store${index}`, schedule: '03:30', 'keep-daily': index === 0 ? 14 : 7 },
}));
const verifyJobs = times(counts.datastores, (index) => ({
  ...{ id: `holdfast-store${index}`, store: `store${index}`, schedule: 'sat 18:15', 'outdated-after': 30 },
}));
const snapshots = times(400, (index) => ({
  ...{
    'backup-type': 'vm',
    'backup-id': String(100 + (index % 20)),
    owner: 'backup@pbs!pve',
    size: 1e9,
    protected: false,
  },
  'backup-time': Math.floor(Date.now() / 1000) - Math.floor(index / 20) * 86_400,
}));

function answer(server: number, path: string): unknown {
  const isPve = server < counts.pve;
  if (path === '/version') return isPve ? { version: '9.2.11', release: '9.2' } : { version: '4.2', release: '3' };
  if (path === '/storage') return storages(certificate.fingerprint);
  // On the first PVE the job that suspends is missing.
  if (path === '/cluster/backup') return server === 0 ? jobs.slice(0, -1) : jobs;
  if (path === '/cluster/resources') return guestsOn(server);
  if (path === '/cluster/tasks') return [];
  if (path.endsWith('/tasks')) return [];
  if (path.endsWith('/vzdump/defaults')) return { mode: 'snapshot', storage: 'local' };
  if (path.endsWith('/status')) return { rootfs: { total: 1e12, used: 1e11, free: 9e11, avail: 9e11 } };
  if (/^\/nodes\/[^/]+\/storage$/.test(path))
    return [
      {
        storage: 'local-zfs',
        type: 'zfspool',
        content: 'rootdir',
        active: 1,
        enabled: 1,
        total: 1e12,
        used: 1e11,
        avail: 9e11,
      },
    ];
  if (path.endsWith('/config'))
    return { rootfs: 'local-zfs:subvol-100-disk-0,size=8G', hostname: 'guest', digest: 'c' };
  if (path === '/config/datastore') return datastores;
  // Only the first PBS has the one that keeps more.
  if (path === '/config/prune')
    return pruneJobs.map((job) => (server === counts.pve ? job : { ...job, 'keep-daily': 7 }));
  if (path === '/config/verify') return verifyJobs;
  if (path.endsWith('/namespace')) return [{ ns: '' }, { ns: 'prod' }];
  if (path.endsWith('/snapshots')) return snapshots;
  if (path === '/nodes/localhost/time') return { timezone: 'UTC', time: Math.floor(Date.now() / 1000), localtime: 0 };
  return undefined;
}

async function listen(index: number): Promise<number> {
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const path = new URL(request.url ?? '/', 'https://x').pathname.replace('/api2/json', '');
    if (path === '/counted') {
      response.end(JSON.stringify(asked));
      for (const name of Object.keys(asked)) delete asked[name];
      return;
    }
    const name = path.replace(/store\d+/, 'STORE');
    asked[name] = (asked[name] ?? 0) + 1;
    const data = answer(index, path);
    setTimeout(() => {
      response.statusCode = data === undefined ? 501 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: data ?? null, digest: 'b'.repeat(64) }));
    }, latency);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', 1024, ready));
  return (server.address() as AddressInfo).port;
}

if (process.argv[1] === import.meta.filename) {
  const ports = await Promise.all(times(counts.pve + counts.pbs, listen));
  console.log(JSON.stringify({ ports, fingerprint: certificate.fingerprint }));
}
