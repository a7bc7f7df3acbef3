// What a backup needs on the host itself before its data goes anywhere: a container that cannot be snapshot is copied first,
// fleecing takes room for what is overwritten meanwhile (facts: failure-signatures section 4, F10).
import { tmpdirOf } from './backup-words.ts';
import { fleecingStorage } from './job-rules.ts';
import { canSnapshot, fitsStaging, unfleeced } from './room.ts';
import type { Values } from './schema.ts';
import type { Guest, PveState } from './state.ts';

type Log = (line: string) => void;

/** The mode it is really taken in. */
export function modeOf(state: PveState, guest: Guest, asked: string, log: Log): string {
  if (guest.status === 'stopped') return 'stop';
  if (guest.type === 'qemu' || asked !== 'snapshot' || canSnapshot(state, guest)) return asked;
  log('INFO: mode failure - some volumes do not support snapshots');
  log("INFO: trying 'suspend' mode instead");
  return 'suspend';
}

/** Throws in the words of whatever found no room. */
export function stage(state: PveState, guest: Guest, mode: string, params: Values, log: Log): void {
  if (guest.type === 'lxc' && mode === 'suspend') copied(state, guest, log);
  const fleecing = guest.type === 'qemu' && !guest.template ? fleecingStorage(params) : undefined;
  if (fleecing === undefined) return;
  const [first] = unfleeced(state, guest, fleecing);
  if (first === undefined) return;
  const group = state.storages.find(({ storage }) => storage === fleecing)?.options['vgname'];
  const why = `Volume group "${group}" has insufficient free space`;
  throw new Error(`lvcreate '${group}/vm-${guest.vmid}-fleece-0' error:   ${why}`);
}

function copied(state: PveState, guest: Guest, log: Log): void {
  const tmpdir = tmpdirOf(state, guest);
  const root = `/proc/${15_000 - guest.vmid}/root/`;
  log(`INFO: starting first sync ${root} to ${tmpdir}`);
  if (fitsStaging(state, guest)) {
    log(`INFO: first sync finished - transferred data (0s)`);
    log('INFO: suspending guest');
    log(`INFO: starting final sync ${root} to ${tmpdir}`);
    log('INFO: resume vm');
    return;
  }
  log(`ERROR: rsync: [receiver] write failed on "${tmpdir}/var/lib/data/blob.bin": No space left on device (28)`);
  log('ERROR: rsync error: error in file IO (code 11) at receiver.c(381) [receiver=3.4.1]');
  throw new Error(
    `command 'rsync --stats -h -X -A --numeric-ids -aH --delete --no-whole-file --sparse --one-file-system --relative '--exclude=/tmp/?*' '--exclude=/var/tmp/?*' '--exclude=/var/run/?*.pid' ${root}/./ ${tmpdir}' failed: exit code 11`,
  );
}
