// What a PVE host says of itself (facts: pve-api section 8).
import { answerWith, type PveHandlers, type PveHost } from './host.ts';
import { may } from './rights.ts';
import { has } from './versions.ts';

const gib = 1024 ** 3;
const started = 5 * 86_400;

const figures = (host: PveHost) => ({
  cpu: 0.07 + host.chance.next() / 20,
  maxcpu: host.state.hardware.cpus,
  mem: host.state.hardware.memoryUsed,
  maxmem: host.state.hardware.memory,
  disk: host.state.hardware.root.used,
  maxdisk: host.state.hardware.root.total,
  uptime: started,
});

/** Figures are for whoever has Sys.Audit there; the name and whether it is up are for all. */
export function nodeRow(host: PveHost, call: Readonly<{ user: string }>): Readonly<Record<string, unknown>> {
  const { node } = host.state;
  const own = { node, type: 'node', id: `node/${node}`, status: 'online', level: '' };
  return may(host, call, `/nodes/${node}`, 'Sys.Audit') ? { ...own, ...figures(host) } : own;
}

export const basics: PveHandlers = {
  'GET /version': ({ state: { version } }) =>
    answerWith({ version, release: version.split('.').slice(0, 2).join('.'), repoid: 'c7d2f01b9a3e5864' }),
  'GET /nodes': (host, call) => answerWith([{ ...nodeRow(host, call), ssl_fingerprint: host.fingerprint }]),
  'GET /nodes/{node}/status': (host) => {
    const { maxcpu, mem, maxmem, disk, maxdisk, cpu, uptime } = figures(host);
    const kernel = has(host.state.version, 'guest-memory-on-host') ? '6.14.11-4-pve' : '6.8.12-13-pve';
    return answerWith({
      cpu,
      uptime,
      wait: 0,
      loadavg: ['0.41', '0.38', '0.35'],
      // Page cache and ARC count as used; what is available says more.
      memory: { total: maxmem, used: mem, free: Math.max(0, maxmem - mem - 9 * gib), available: maxmem - mem },
      rootfs: { total: maxdisk, used: disk, free: maxdisk - disk, avail: maxdisk - disk },
      cpuinfo: { cpus: maxcpu, cores: maxcpu / 2, sockets: 1, model: 'Simulated CPU' },
      'current-kernel': { sysname: 'Linux', release: kernel, version: '#1 SMP PREEMPT_DYNAMIC', machine: 'x86_64' },
      'boot-info': { mode: 'efi', secureboot: 0 },
      pveversion: `pve-manager/${host.state.version}/c7d2f01b9a3e5864`,
    });
  },
};
