// What goes wrong on the PBS once the login holds, in its own words and in those of the PVE (facts: failure-signatures F5, F6).
import { createHash } from 'node:crypto';
import { chunkStoreWords } from '../faults/chunk-store.ts';
import { notePbs } from '../journal.ts';
import type { PbsHost } from '../pbs/host.ts';
import { maintenanceOf } from '../pbs/stores.ts';
import type { Problem } from './backup.ts';
import { leaveTask, type Session } from './pbs-session.ts';
import type { Guest } from './state.ts';

export function problemAt(pbs: PbsHost, session: Session, at: 'open' | 'write', guest: Guest): Problem | undefined {
  const cause = at === 'open' ? closedDoor(pbs, session) : noRoom(pbs, session);
  if (cause === undefined) return undefined;
  return guest.type === 'qemu' ? ofVm(guest, at, cause) : ofContainer(guest, cause);
}

/** Refused before there is a task on the PBS: only its journal knows. */
function closedDoor(pbs: PbsHost, { store, type, id, time }: Session): string | undefined {
  const asked = { method: 'GET', path: `/admin/datastore/${store}/backup` };
  const datastore = pbs.state.datastores.find(({ name }) => name === store);
  if (datastore === undefined) return undefined;
  const isStale = pbs.board.meet('chunk-store', asked) !== undefined;
  const words = isStale ? chunkStoreWords(datastore.path) : maintenanceOf(datastore, true);
  if (words === undefined) return undefined;
  const query = `backup-id=${id}&backup-time=${time}&backup-type=${type}&benchmark=false&debug=false&store=${store}`;
  const text = `GET /api2/json/backup?${query}: 400 Bad Request: [client [::ffff:127.0.0.1]:41234] ${words}`;
  notePbs(pbs.state, pbs.now(), 'proxmox-backup-proxy', text);
  return words;
}

const unfinished = 'backup ended but finished state is not set.';

function noRoom(pbs: PbsHost, session: Session): string | undefined {
  const { store, type, id, time } = session;
  const datastore = pbs.state.datastores.find(({ name }) => name === store);
  if (datastore === undefined || datastore.used < datastore.total) return undefined;
  const digest = createHash('sha256').update(`${store}/${type}/${id}/${time}`).digest('hex');
  const words = `inserting chunk on store '${store}' failed for ${digest} - write failed: No space left on device (os error 28)`;
  leaveTask(pbs, session, {
    exit: unfinished,
    log: [
      `POST /${type === 'vm' ? 'fixed' : 'dynamic'}_chunk: 400 Bad Request: ${words}`,
      `backup ended and finish failed: ${unfinished}`,
      'removing unfinished backup',
    ],
  });
  return words;
}

const ofVm = ({ vmid }: Guest, at: 'open' | 'write', cause: string): Problem => ({
  before: [],
  why:
    at === 'open'
      ? `VM ${vmid} qmp command 'backup' failed - backup connect failed: command error: ${cause}`
      : `backup write data failed: command error: write_data upload error: pipelined request failed: ${cause}`,
});

/** The client says why one line above; the failure itself has only its exit code. */
const ofContainer = ({ vmid }: Guest, cause: string): Problem => ({
  before: [`INFO: Error: ${cause}`],
  why: `command 'lxc-usernsexec -m u:0:100000:65536 -m g:0:100000:65536 -- /usr/bin/proxmox-backup-client backup --crypt-mode=none pct.conf:/var/tmp/vzdumptmp${15_000 + vmid}_${vmid}/etc/vzdump/pct.conf root.pxar:/mnt/vzsnap0 --include-dev /mnt/vzsnap0/./ --skip-lost-and-found --backup-type ct --backup-id ${vmid}' failed: exit code 255`,
});
