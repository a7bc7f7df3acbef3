// A backup on the PBS: the login, the datastore and the right to write are asked of it over HTTPS, as any client would; the
// data itself, which the lab does not have, is left out, and the finished snapshot is put into the PBS's state.
import type { PbsHost } from '../pbs/host.ts';
import { addSnapshot } from '../pbs/snapshots.ts';
import type { BackupTarget } from './backup.ts';
import { problemAt } from './backup-to-pbs-problems.ts';
import type { PveHost } from './host.ts';
import { addressOf, askPbs, reachDatastore } from './pbs-contact.ts';
import { leaveTask, type Session } from './pbs-session.ts';
import { retentionIn } from './retention.ts';
import type { Guest, StorageEntry } from './state.ts';
import { volumeTime } from './storage-content.ts';

const typeOf = ({ type }: Guest): 'vm' | 'ct' => (type === 'qemu' ? 'vm' : 'ct');

/** What it throws, in the words of PVE: nobody there, another certificate, a login that does not hold, no such datastore. */
export async function pbsTarget(host: PveHost, entry: StorageEntry): Promise<BackupTarget> {
  await reachDatastore(host, entry).catch((thrown: unknown) => {
    throw new Error(`could not activate storage '${entry.storage}': ${(thrown as Error).message.trim()}`);
  });
  const address = addressOf(host, entry);
  const store = String(entry.options['datastore']);
  const namespace = String(entry.options['namespace'] ?? '');
  const pbs = host.pbsAt(address.server, address.port);
  if (pbs === undefined) throw new Error("a PVE of the lab writes to the lab's own PBS only");
  const mayWrite = async (): Promise<void> => {
    const path = `/datastore/${store}${namespace === '' ? '' : `/${namespace}`}`;
    const held = (await askPbs(address, `/access/permissions?path=${encodeURIComponent(path)}`)) as Rights;
    if (held[path]?.['Datastore.Backup'] === undefined)
      throw new Error('backup write data failed: permission check failed');
  };
  return {
    begin: (guest, now) => {
      const type = typeOf(guest);
      const id = String(guest.vmid);
      const group = { store, namespace, type, id };
      const time = Math.max(now, newestIn(pbs, group) + 1);
      const session: Session = { ...group, type, time, user: address.username };
      return {
        name: `Proxmox Backup Server archive '${type}/${id}/${volumeTime(time)}'`,
        problem: (at) => problemAt(pbs, session, at, guest),
        finish: async (notes, isProtected) => {
          await mayWrite();
          refuseForeignGroup(pbs, group, address.username);
          const comment = notes === undefined ? {} : { comment: notes };
          const size = Math.max(guest.disk, 1);
          addSnapshot(pbs, { ...group, time, size, owner: address.username, protected: isProtected, ...comment });
          if (entry.options['encryption-key'] !== undefined) sealNewest(pbs);
          leaveTask(pbs, session, {
            exit: 'OK',
            log: ['successfully finished backup', 'backup finished successfully'],
          });
        },
      };
    },
    prune: async (guest, params, log) => {
      const keep = retentionIn(params, entry.options);
      if (keep === undefined) return;
      log(`INFO: prune older backups with retention: ${keep.map(([name, count]) => `${name}=${count}`).join(', ')}`);
      const asked = { 'backup-type': typeOf(guest), 'backup-id': String(guest.vmid), ...Object.fromEntries(keep) };
      const form = namespace === '' ? asked : { ...asked, ns: namespace };
      const path = `/admin/datastore/${encodeURIComponent(store)}/prune`;
      const rows = (await askPbs(address, path, form).catch((thrown: unknown) => {
        log(
          `ERROR: prune '${typeOf(guest)}/${guest.vmid}': proxmox-backup-client failed: ${(thrown as Error).message}`,
        );
        throw new Error('error pruning backups - check log');
      })) as readonly Readonly<{ keep: boolean }>[];
      log(`INFO: pruned ${rows.filter((row) => !row.keep).length} backup(s)`);
    },
  };
}

/** The storage has a key: all but the list of the files is encrypted, and that is signed. */
function sealNewest({ state }: PbsHost): void {
  for (const file of state.snapshots.at(-1)?.files ?? [])
    file['crypt-mode'] = file.filename === 'index.json.blob' ? 'sign-only' : 'encrypt';
}

type Rights = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
type Group = Readonly<{ store: string; namespace: string; type: string; id: string }>;

const inGroup = ({ state }: PbsHost, { store, namespace, type, id }: Group) =>
  state.snapshots.filter(
    (one) => one.store === store && one.namespace === namespace && one.type === type && one.id === id,
  );

// Times within a group only grow; a lab that hurries makes two in one second.
const newestIn = (pbs: PbsHost, group: Group): number => Math.max(0, ...inGroup(pbs, group).map(({ time }) => time));

/** A group belongs to whoever made it. */
function refuseForeignGroup(pbs: PbsHost, group: Group, login: string): void {
  const owner = inGroup(pbs, group)[0]?.owner;
  if (owner !== undefined && owner !== login) throw new Error(`backup owner check failed (${login} != ${owner})`);
}
