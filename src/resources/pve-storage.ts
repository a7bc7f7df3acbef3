// Storage entries of type pbs on Proxmox VE (mission S1). Facts: pve-api section 2.
import type { Decided, Declared, Fields, Written } from '../contracts/resource.ts';
import type { Estate } from '../model/estate.ts';
import type { Found } from '../model/observed.ts';
import type { Params } from '../proxmox/api.ts';
import { createStorage, deleteStorage, type PveStorage, storages, updateStorage } from '../proxmox/pve-storage.ts';
import type { Json } from '../values/canonical.ts';
import { type Keep, normaliseKeep } from '../values/retention.ts';
import { keepFromProxmox, keepToProperty } from '../values/retention-property.ts';
import { changesBetween, creationOf, isNothing, same } from './compare.ts';
import { defineResource } from './define.ts';
import { type PveStorageEntry, pveStorages } from './pve-storage-schema.ts';

const section = 'pbs_storages[]';
/** PVE refuses them on a change, even unchanged: they can only be had by deleting the entry and making it anew. */
const fixed = ['server', 'datastore'] as const;

export const pveStorage = defineResource<PveStorageEntry[]>({
  name: 'pve-storage',
  title: 'storage',
  product: 'pve',
  after: [],
  configFile: 'storage.cfg',
  section: { at: 'top', key: 'pbs_storages', schema: pveStorages, declare },
  read: async (api, signal) => {
    const entries = await storages(api, 'pbs', { signal });
    // Each row carries the digest of the whole file.
    return { found: entries.map(foundIn), digest: entries[0]?.digest };
  },
  decide: decideStorage,
  create: async (api, { name, fields, secrets }, signal) => {
    const params = { type: 'pbs', storage: name, ...paramsOf(fields, Object.keys(fields)), ...secrets };
    await createStorage(api, params, { signal });
  },
  update: async (api, wanted, found, { signal, digest }) => {
    await updateStorage(api, wanted.name, { ...patchOf(wanted, found), digest }, { signal });
  },
  remove: (api, { name }, { signal }) => deleteStorage(api, name, { signal }),
  sends: ({ item, secrets }, found) => Object.keys(secrets).filter((secret) => isSent(secret, item, found)),
});

function declare(entries: PveStorageEntry[], estate: Estate): readonly Declared[] {
  return entries.flatMap((entry, index) => {
    const servers = entry.on ?? estate.pve.map(({ name }) => name);
    const place = estate.placeOf(['pbs_storages', index, 'name']);
    const { name, description } = entry;
    const notes = description === undefined ? [] : [descriptionStays];
    return servers.map((server) => ({ server, name, item: fieldsOf(entry), secrets: secretsOf(entry), place, notes }));
  });
}

const descriptionStays = {
  level: 'info',
  says: 'its description stays in the estate: PVE has no field for it',
} as const;

const sorted = (names: readonly string[]): Json => [...new Set(names)].sort();
const policy = (keep: Keep): Json => ({ ...normaliseKeep(keep) }) as Json;

function fieldsOf(entry: PveStorageEntry): Fields {
  const { server, datastore, port, namespace, username, fingerprint, enabled } = entry;
  return {
    ...{ server, datastore, port, namespace, username, fingerprint, enabled },
    content: sorted(entry.content),
    nodes: sorted(entry.nodes),
    prune_backups: entry.prune_backups === undefined ? {} : policy(entry.prune_backups),
    encrypted: entry.encryption_key !== undefined,
  };
}

function secretsOf({ password, token, encryption_key }: PveStorageEntry): Declared['secrets'] {
  const login = password ?? token;
  return {
    ...(login === undefined ? {} : { password: login }),
    ...(encryption_key === undefined ? {} : { 'encryption-key': encryption_key }),
  };
}

function foundIn({ storage, content, nodes, disabled, raw }: PveStorage): Found {
  const text = (key: string): string => (raw[key] === undefined ? '' : String(raw[key]));
  return {
    name: storage,
    value: {
      server: text('server'),
      datastore: text('datastore'),
      port: raw['port'] === undefined ? 8007 : Number(raw['port']),
      namespace: text('namespace'),
      username: text('username') || 'root@pam',
      // PVE keeps the case it was given; it means nothing.
      fingerprint: text('fingerprint').toUpperCase(),
      enabled: !disabled,
      content: sorted(content),
      nodes: sorted(nodes ?? []),
      prune_backups: foundPolicy(text('prune-backups')),
      encrypted: raw['encryption-key'] !== undefined,
    },
  };
}

function foundPolicy(property: string): Json {
  if (property === '') return {};
  const keep = keepFromProxmox(property);
  return 'problem' in keep ? property : policy(keep);
}

function decideStorage(declared: Declared, found: Found | undefined): Decided {
  if (found === undefined) return decideCreate(declared);
  const wanted = declared.item;
  for (const field of fixed)
    if (!same(found.value[field], wanted[field])) return fixedField(field, found.value[field], wanted[field]);
  // A key that the estate does not declare is never taken away: the backups made with it would be unreadable.
  const compared = wanted['encrypted'] === true ? wanted : { ...wanted, encrypted: found.value['encrypted'] ?? false };
  const changes = changesBetween(section, found.value, compared);
  if (changes.length === 0) return { act: 'none' };
  if (!same(found.value['username'], wanted['username']) && declared.secrets['password'] === undefined)
    return withoutCredentials(
      declared.name,
      `its user is ${String(found.value['username'])} on ${declared.server} and ${String(wanted['username'])} here, and the password that PVE holds is the other user's`,
    );
  const because = [`${declared.server} holds another value than ${declared.place}`];
  return { act: 'update', ...verbOf(changes), because, changes, risk: 'changes' };
}

function decideCreate({ server, name, item, secrets, place }: Declared): Decided {
  if (item['enabled'] === true && secrets['password'] === undefined)
    return withoutCredentials(
      name,
      `${server} has no storage ${name}, and PVE logs in to the PBS when one is made: it needs the password or token secret`,
    );
  const because = [`${place} declares it, and ${server} has no storage of that name`];
  return { act: 'create', because, changes: creationOf(section, item), risk: 'adds' };
}

const withoutCredentials = (name: string, says: string): Decided => ({
  act: 'refuse',
  code: 'storage-without-credentials',
  says,
  remedy: `add this line to it: password: { file: /etc/holdfast/${name}.password } (mode 0600, the bare secret in it)`,
});

function verbOf(changes: readonly { field: string; to?: Json }[]): { verb?: 'enable' | 'disable' } {
  const enabled = changes.find(({ field }) => field === 'enabled');
  if (enabled === undefined) return {};
  return { verb: enabled.to === true ? 'enable' : 'disable' };
}

const fixedField = (field: string, from: Json | undefined, to: Json | undefined): Decided => ({
  act: 'refuse',
  code: 'storage-fixed-field',
  says: `its ${field} is ${String(from)} on the server and ${String(to)} here, and PVE never changes the ${field} of a storage`,
  remedy: `declare it under another name, move the backup jobs over, and remove the old entry when nothing uses it`,
});

/** Parameters of PVE for the fields that are set; what is unset is left out, and deleted on a change. */
function paramsOf(fields: Fields, names: readonly string[]): Params {
  const params: Record<string, string | number | boolean> = {};
  for (const name of names) {
    const value = fields[name];
    if (isNothing(value) || name === 'encrypted') continue;
    if (name === 'enabled') {
      if (value === false) params['disable'] = true;
    } else if (name === 'prune_backups') params['prune-backups'] = keepToProperty(value as Keep);
    else if (Array.isArray(value)) params[name] = value.join(',');
    else params[name] = value as string | number;
  }
  return params;
}

const unsetNames: Readonly<Record<string, string>> = { enabled: 'disable', prune_backups: 'prune-backups' };

/** Another user name has another password; else the one that PVE holds stays, and so does its key. */
function isSent(secret: string, fields: Fields, found: Found | undefined): boolean {
  if (found === undefined) return true;
  return secret === 'password'
    ? !same(found.value['username'], fields['username'])
    : fields['encrypted'] === true && found.value['encrypted'] !== true;
}

function patchOf({ fields, secrets }: Written, found: Found) {
  const { value } = found;
  const differing = Object.keys(fields).filter((name) => name !== 'encrypted' && !same(value[name], fields[name]));
  const unset = differing.filter((name) => isNothing(fields[name]) || (name === 'enabled' && fields[name] === true));
  const given = Object.entries(secrets).filter(([parameter]) => isSent(parameter, fields, found));
  return {
    set: { ...paramsOf(fields, differing), ...Object.fromEntries(given) },
    delete: unset.map((name) => unsetNames[name] ?? name),
  };
}
