// The lines that vzdump writes about a guest before its data moves (facts: failure-signatures F1, F2, F10).
import { configOf, volumesOf } from './guest-config.ts';
import type { Guest, PveState } from './state.ts';

const gib = 1024 ** 3;

/** Of a VM: which disks it takes. Of a container: which mount points. */
export function contents(guest: Guest): readonly string[] {
  return volumesOf(guest).map(({ key, volume, size, mountedAt, included, reason }) => {
    if (guest.type === 'qemu')
      return included
        ? `INFO: include disk '${key}' '${volume}' ${Math.round(size / gib)}G`
        : `INFO: exclude disk '${key}' '${volume}' (${reason})`;
    const at = key === 'rootfs' ? '/' : (mountedAt ?? '');
    if (included) return `INFO: including mount point ${key} ('${at}') in backup`;
    const kind = reason === 'not a volume' ? 'bind mount point' : 'volume mount point';
    return `INFO: excluding ${kind} ${key} ('${at}') from backup (${reason})`;
  });
}

const hasAgent = (guest: Guest): boolean => /^(?:1|enabled=1)/.test(String(configOf(guest)['agent']));

/** Around the moment where a running VM's backup starts. */
export const freezing = (guest: Guest): readonly string[] => {
  if (guest.status === 'stopped') return ['INFO: starting kvm to execute backup task'];
  return hasAgent(guest)
    ? ["INFO: issuing guest-agent 'fs-freeze' command"]
    : ['INFO: skipping guest filesystem freeze - disabled in VM options'];
};
export const thawing = (guest: Guest): readonly string[] =>
  guest.status === 'running' && hasAgent(guest) ? ["INFO: issuing guest-agent 'fs-thaw' command"] : [];

/** Both syncs of a container that is copied before it is sent. */
export const tmpdirOf = ({ vzdumpConf }: PveState, { vmid }: Guest): string =>
  `${vzdumpConf['tmpdir'] ?? '/var/tmp'}/vzdumptmp${15_000 + vmid}_${vmid}`;
