// Backups on a storage, one row each for whoever may read them; the others get an empty list (facts: pve-api section 7).
import { answerWith, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { addressOf, askPbs } from './pbs-contact.ts';
import { died } from './refusal.ts';
import { may } from './rights.ts';
import type { StorageEntry } from './state.ts';
import { usable } from './storage-live.ts';

type Row = Readonly<{ volid: string; vmid: number; ctime: number; size: number; format: string; subtype: string }>;
type PbsSnapshot = Readonly<{
  'backup-type': string;
  'backup-id': string;
  'backup-time': number;
  size?: number;
  comment?: string;
  protected?: boolean;
  fingerprint?: string;
  verification?: Readonly<{ state: string; upid: string }>;
}>;

const subtypes: Readonly<Record<string, string>> = { vm: 'qemu', ct: 'lxc' };

/** `2026-01-31T02:00:05Z`, the way volume ids and PBS write a time. */
export const volumeTime = (epochSeconds: number): string =>
  new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');

async function onPbs(host: PveHost, entry: StorageEntry): Promise<readonly Row[]> {
  const { storage, options } = entry;
  const namespace = options['namespace'] === undefined ? '' : `?ns=${encodeURIComponent(String(options['namespace']))}`;
  const path = `/admin/datastore/${encodeURIComponent(String(options['datastore']))}/snapshots${namespace}`;
  const found = (await askPbs(addressOf(host, entry), path).catch((thrown: unknown) => {
    throw died(`proxmox-backup-client failed: Error: ${(thrown as Error).message}`);
  })) as readonly PbsSnapshot[];
  return found.flatMap((snapshot) => {
    const { 'backup-type': type, 'backup-id': id, 'backup-time': ctime, comment } = snapshot;
    const subtype = subtypes[type];
    if (subtype === undefined || !/^\d+$/.test(id)) return [];
    const volid = `${storage}:backup/${type}/${id}/${volumeTime(ctime)}`;
    return [
      {
        ...{
          volid,
          vmid: Number(id),
          ctime,
          size: snapshot.size ?? 1,
          format: `pbs-${type}`,
          content: 'backup',
          subtype,
        },
        ...(comment === undefined ? {} : { notes: comment.split('\n')[0] }),
        ...(snapshot.protected === true ? { protected: 1 } : {}),
        ...(snapshot.fingerprint === undefined ? {} : { encrypted: snapshot.fingerprint }),
        ...(snapshot.verification === undefined ? {} : { verification: snapshot.verification }),
      },
    ];
  });
}

const onDisk = (host: PveHost, { storage }: StorageEntry): readonly Row[] =>
  host.state.volumes
    .filter((volume) => volume.storage === storage)
    .map(({ volid, vmid, guest, ctime, size, notes }) => {
      const format = guest === 'qemu' ? 'vma.zst' : 'tar.zst';
      return { volid, vmid, ctime, size, format, content: 'backup', subtype: guest, notes };
    });

const mayList = (host: PveHost, call: PveCall, storage: string, vmid: number): boolean =>
  may(host, call, `/storage/${storage}`, 'Datastore.Allocate') ||
  (may(host, call, `/storage/${storage}`, 'Datastore.AllocateSpace') && may(host, call, `/vms/${vmid}`, 'VM.Backup'));

export const storageContent: PveHandlers = {
  'GET /nodes/{node}/storage/{storage}/content': async (host, call) => {
    const entry = usable(host, required(call.params, 'storage'));
    const wanted = text(call.params, 'content');
    if (wanted !== undefined && wanted !== 'backup') return answerWith([]);
    const { vmid } = call.params;
    const rows = entry.type === 'pbs' ? await onPbs(host, entry) : onDisk(host, entry);
    const seen = rows.filter(
      (row) => (vmid === undefined || row.vmid === vmid) && mayList(host, call, entry.storage, row.vmid),
    );
    return answerWith(host.chance.shuffled(seen));
  },
};
