// PVE's storage entries, `/etc/pve/storage.cfg` (facts: pve-api section 2).
import { forKeeping, Secret } from '../values/secret.ts';
import { type CallOptions, type Params, type ProxmoxApi, path } from './api.ts';
import { oneAtATime, type Patch } from './config-file.ts';
import { byName, flag, isRow, name, type Row, row, rows, set, text } from './decode.ts';
import { parsePropertyString } from './property-string.ts';

export type PveStorage = Readonly<{
  storage: string;
  type: string;
  content: readonly string[];
  /** undefined: on every node */
  nodes: readonly string[] | undefined;
  disabled: boolean;
  pruneBackups: ReadonlyMap<string, string>;
  /** of the whole storage.cfg */
  digest: string | undefined;
  raw: Row;
}>;

const file = 'storage.cfg';

/** Sorted by name. Entries without Datastore.Audit or AllocateSpace on them are missing, without a word. */
export async function storages(
  api: ProxmoxApi,
  type?: string,
  options: CallOptions = {},
): Promise<readonly PveStorage[]> {
  const { data } = await api.get(path`/storage`, type === undefined ? {} : { type }, options);
  return rows(api, 'storages', data)
    .map((entry) => storageIn(api, entry))
    .sort(byName((entry) => entry.storage));
}

function storageIn(api: ProxmoxApi, raw: Row): PveStorage {
  const nodes = set(raw.nodes);
  return {
    storage: name(api, 'storages', raw, 'storage'),
    type: name(api, 'storages', raw, 'type'),
    content: set(raw.content),
    nodes: nodes.length === 0 ? undefined : nodes,
    disabled: flag(raw.disable),
    pruneBackups: parsePropertyString(text(raw['prune-backups']) ?? ''),
    digest: text(raw.digest),
    raw,
  };
}

/** A new encryption key is in the answer this once and nowhere else: it must be saved before anything else is done. */
export type StorageWritten = Readonly<{ encryptionKey: Secret | undefined }>;

/** PVE connects to the storage while it creates it, so this may take ten seconds more than other writes. */
export const createStorage = (api: ProxmoxApi, params: Params, options: CallOptions = {}): Promise<StorageWritten> =>
  oneAtATime(api, file, async () => writtenIn(await api.post(path`/storage`, params, options)));

/** `server`, `datastore` and `type` are fixed: they may not be sent, not even unchanged. PVE does not connect here. */
export const updateStorage = (
  api: ProxmoxApi,
  storage: string,
  patch: Patch,
  options: CallOptions = {},
): Promise<StorageWritten> =>
  oneAtATime(api, file, async () => {
    const at = path`/storage/${storage}`;
    const digest = patch.digest ?? text(row(api, 'storage', (await api.get(at, {}, options)).data).digest);
    const unset = patch.delete.length === 0 ? {} : { delete: patch.delete.join(',') };
    return writtenIn(
      await api.put(at, { ...patch.set, ...unset, ...(digest === undefined ? {} : { digest }) }, options),
    );
  });

/** Takes the entry's encryption key, its password and its ACLs with it; the backups on the PBS stay. No digest is offered. */
export const deleteStorage = (api: ProxmoxApi, storage: string, options: CallOptions = {}): Promise<void> =>
  oneAtATime(api, file, async () => {
    await api.delete(path`/storage/${storage}`, {}, options);
  });

function writtenIn({ data }: Readonly<{ data: unknown }>): StorageWritten {
  const config = isRow(data) && isRow(data.config) ? data.config : {};
  const key = text(config['encryption-key']);
  const storage = isRow(data) ? text(data.storage) : undefined;
  return {
    encryptionKey: key === undefined ? undefined : new Secret(`the encryption key of ${storage}`, key, forKeeping),
  };
}
