// /cluster/resources and coverage: whatever somebody may not see is left out without a word (facts: pve-api sections 4 and 8).
import { nodeRow } from './basics.ts';
import { guestFigures } from './guest-figures.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, text } from './host.ts';
import { inNoJob } from './job-selection.ts';
import { may } from './rights.ts';
import type { Guest } from './state.ts';
import { isDisabled, usableOn } from './storage-file.ts';
import { liveStatus } from './storage-live.ts';

type Row = Readonly<Record<string, unknown>>;

const seen = (host: PveHost, call: PveCall): readonly Guest[] =>
  host.state.guests.filter(({ vmid }) => may(host, call, `/vms/${vmid}`, 'VM.Audit'));

function poolOf(host: PveHost, call: PveCall, vmid: number): object {
  const pool = host.state.pools.find(({ members }) => members.includes(vmid));
  return pool !== undefined && may(host, call, `/pool/${pool.id}`, 'Pool.Audit') ? { pool: pool.id } : {};
}

function guestRow(host: PveHost, call: PveCall, guest: Guest): Row {
  const { vmid, type, name, status, template, tags, lock } = guest;
  return {
    ...{ id: `${type}/${vmid}`, vmid, type, name, status, node: host.state.node, template: template ? 1 : 0 },
    ...(tags === '' ? {} : { tags }),
    ...(lock === undefined ? {} : { lock }),
    ...poolOf(host, call, vmid),
    ...guestFigures(host, guest),
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

const zoneRows = (host: PveHost, call: PveCall): readonly Row[] => {
  const { node } = host.state;
  const own = { id: `sdn/${node}/localnetwork`, type: 'sdn', sdn: 'localnetwork', node, status: 'ok' };
  return may(host, call, '/sdn/zones/localnetwork', 'SDN.Audit') ? [own] : [];
};

export const resources: PveHandlers = {
  'GET /cluster/resources': async (host, call) => {
    const type = text(call.params, 'type');
    const wanted = (one: string) => type === undefined || type === one;
    const rows = [
      ...(wanted('vm') ? seen(host, call).map((guest) => guestRow(host, call, guest)) : []),
      ...(wanted('storage') ? await storageRows(host, call) : []),
      ...(wanted('sdn') ? zoneRows(host, call) : []),
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
