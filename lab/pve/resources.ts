// /cluster/resources and coverage: whatever somebody may not see is left out without a word (facts: pve-api sections 4 and 8).
import { nodeRow } from './basics.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, text } from './host.ts';
import { inNoJob } from './job-selection.ts';
import { may } from './rights.ts';
import type { Guest } from './state.ts';
import { isDisabled, usableOn } from './storage-file.ts';
import { liveStatus } from './storage-live.ts';
import { has } from './versions.ts';

type Row = Readonly<Record<string, unknown>>;

const seen = (host: PveHost, call: PveCall): readonly Guest[] =>
  host.state.guests.filter(({ vmid }) => may(host, call, `/vms/${vmid}`, 'VM.Audit'));

function poolOf(host: PveHost, call: PveCall, vmid: number): object {
  const pool = host.state.pools.find(({ members }) => members.includes(vmid));
  return pool !== undefined && may(host, call, `/pool/${pool.id}`, 'Pool.Audit') ? { pool: pool.id } : {};
}

function figures(host: PveHost, { type, status, memory, disk, cores }: Guest): object {
  const sizes = { maxcpu: cores, maxmem: memory, maxdisk: disk };
  const nothing = { ...sizes, cpu: 0, mem: 0, disk: 0, uptime: 0, netin: 0, netout: 0, diskread: 0, diskwrite: 0 };
  if (status === 'stopped') return nothing;
  const used = Math.round(memory * (0.4 + host.chance.next() / 4));
  const running = { ...nothing, cpu: host.chance.next() / 10, mem: used, uptime: 432_000, netin: 8e8, netout: 3e8 };
  // What a VM uses of its disk is known to nobody outside of it; of a container it is the root file system.
  if (type === 'lxc') return { ...running, disk: Math.round(disk * 0.3) };
  return has(host.state.version, 'guest-memory-on-host') ? { ...running, memhost: memory } : running;
}

function guestRow(host: PveHost, call: PveCall, guest: Guest): Row {
  const { vmid, type, name, status, template, tags, lock } = guest;
  return {
    ...{ id: `${type}/${vmid}`, vmid, type, name, status, node: host.state.node, template: template ? 1 : 0 },
    ...(tags === '' ? {} : { tags }),
    ...(lock === undefined ? {} : { lock }),
    ...poolOf(host, call, vmid),
    ...figures(host, guest),
  };
}

async function storageRows(host: PveHost, call: PveCall): Promise<readonly Row[]> {
  const { node, storages } = host.state;
  const shown = storages.filter(
    (entry) =>
      usableOn(entry, node) && !isDisabled(entry) && may(host, call, `/storage/${entry.storage}`, 'Datastore.Audit'),
  );
  const rows = shown.map(async (entry) => {
    const { storage, type } = entry;
    const { active, total, used, content, shared } = await liveStatus(host, entry);
    const own = { id: `storage/${node}/${storage}`, type: 'storage', storage, node, plugintype: type, content, shared };
    return active === 1 ? { ...own, status: 'available', disk: used, maxdisk: total } : { ...own, status: 'unknown' };
  });
  return Promise.all(rows);
}

const poolRows = (host: PveHost, call: PveCall): readonly Row[] =>
  host.state.pools
    .filter(({ id }) => may(host, call, `/pool/${id}`, 'Pool.Audit'))
    .map(({ id }) => ({ id: `/pool/${id}`, type: 'pool', pool: id }));

export const resources: PveHandlers = {
  'GET /cluster/resources': async (host, call) => {
    const type = text(call.params, 'type');
    const wanted = (one: string) => type === undefined || type === one;
    const rows = [
      ...(wanted('vm') ? seen(host, call).map((guest) => guestRow(host, call, guest)) : []),
      ...(wanted('storage') ? await storageRows(host, call) : []),
      ...(wanted('node') ? [nodeRow(host, call)] : []),
      ...(type === undefined ? poolRows(host, call) : []),
    ];
    return answerWith(host.chance.shuffled(rows));
  },
  'GET /cluster/backup-info/not-backed-up': (host, call) => {
    const uncovered = inNoJob(host.state);
    const rows = seen(host, call).filter(({ vmid }) => uncovered.includes(vmid));
    return answerWith(rows.map(({ vmid, type, name }) => ({ vmid, type, name })));
  },
};
