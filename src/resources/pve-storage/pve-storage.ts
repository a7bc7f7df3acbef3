// Storage entries of type pbs on Proxmox VE (mission S1). Facts: pve-api section 2.
import type { Decided, Declared, Fields, FoundOn, Wanted, Written } from '../../contracts/resource.ts';
import { madeNothing } from '../../contracts/resource.ts';
import type { Estate } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import { createStorage, deleteStorage, type PveStorage, storages, updateStorage } from '../../proxmox/pve-storage.ts';
import type { Json } from '../../values/canonical.ts';
import { changesBetween, creationOf, same } from '../common/compare.ts';
import { entryOf, type FieldTable, heldIn, itemOf, paramsOf, patchOf } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { keepProperty, mapped, names, notFlag, number, text } from '../common/field.ts';
import { onServers, serversFor } from '../common/on-servers.ts';
import { loginOnPbs, pbsBehind } from '../common/pbs-behind.ts';
import { type PveStorageEntry, pveStorages } from './pve-storage-schema.ts';

const section = 'pbs_storages[]';

const fields: FieldTable = {
  // PVE refuses them on a change, even unchanged: they can only be had by deleting the entry and making it anew.
  server: text('server', { fixed: true }),
  datastore: text('datastore', { fixed: true }),
  port: number('port', 8007),
  namespace: text('namespace'),
  username: text('username', {}, 'root@pam'),
  // PVE keeps the case it was given; it means nothing.
  fingerprint: mapped(
    text('fingerprint'),
    (value) => value,
    (value) => String(value).toUpperCase(),
  ),
  enabled: notFlag('disable'),
  content: { ...names('content', 'comma'), standard: ['backup'] },
  nodes: names('nodes', 'comma'),
  prune_backups: keepProperty('prune-backups'),
  max_protected_backups: number('max-protected-backups'),
};

export const pveStorage = defineResource<{ pbs_storages: PveStorageEntry[] }>({
  name: 'pve-storage',
  title: 'storage',
  product: 'pve',
  everywhere: true,
  after: [],
  configFile: 'storage.cfg',
  section: { at: 'top', shape: { pbs_storages: pveStorages }, declare, write },
  read: async (api, { signal }) => {
    const entries = await storages(api, 'pbs', { signal });
    // Each row carries the digest of the whole file.
    return { found: entries.map(foundIn), digest: entries[0]?.digest };
  },
  decide: decideStorage,
  create: async (api, { name, fields: wanted, secrets }, signal) => {
    await createStorage(api, { type: 'pbs', storage: name, ...paramsOf(fields, wanted), ...secrets }, { signal });
    return madeNothing;
  },
  update: async (api, wanted, found, { signal, digest, resend = [] }) => {
    const sent = Object.keys(wanted.secrets).filter((secret) => isSent(secret, wanted.fields, found));
    await updateStorage(api, wanted.name, { ...patch(wanted, found, [...sent, ...resend]), digest }, { signal });
    return madeNothing;
  },
  remove: (api, { name }, { signal }) => deleteStorage(api, name, { signal }),
  sends: ({ item, secrets }, found) => Object.keys(secrets).filter((secret) => isSent(secret, item, found)),
  // A new key takes the place of the old one, and a removed entry takes its key with it.
  losesKey: ({ value }, change) => {
    const key = String(value['key'] ?? '');
    return key !== '' && (change === undefined || change.resend.includes('encryption-key')) ? key : undefined;
  },
});

const patch = (wanted: Wanted, found: Found, sent: readonly string[]) => patchOf(fields, wanted, found, sent);

function declare({ pbs_storages: entries }: { pbs_storages: PveStorageEntry[] }, estate: Estate): readonly Declared[] {
  return entries.flatMap((entry, index) => {
    const place = estate.placeOf(['pbs_storages', index, 'name']);
    const { name, description } = entry;
    const notes = description === undefined ? [] : [descriptionStays];
    const pbs = pbsBehind(estate, entry);
    const { secrets, makes } = secretsOf(entry);
    const item = {
      ...itemOf(fields, entry),
      encrypted: secrets['encryption-key'] !== undefined || makes['encryption-key'] !== undefined,
      recoverable: secrets['master-pubkey'] === undefined ? null : true,
    };
    const needs = pbs === undefined ? [] : loginOnPbs(pbs, entry);
    return serversFor(entry.on, estate).map((server) => ({ server, name, item, secrets, makes, place, notes, needs }));
  });
}

/** An entry that is the same on several servers is written once. */
function write(found: readonly FoundOn[]): Written {
  const entries = onServers(found, (one) => {
    // What holds a key is written as what it is; the key itself lies on the nodes, and is named by whoever escrows it.
    return { name: one.name, ...entryOf(fields, one), ...requiredOf(one) };
  });
  return entries.length === 0 ? {} : { pbs_storages: entries };
}

/** Fields that an estate must name, also where they are as usual. */
const requiredOf = ({ value }: Found): Readonly<Record<string, Json>> => {
  const { server, datastore, fingerprint } = value;
  const trust = fingerprint === '' ? { trust: 'ca' } : { fingerprint: fingerprint ?? '' };
  return { server: server ?? '', datastore: datastore ?? '', ...trust };
};

const descriptionStays = {
  level: 'info',
  says: 'its description stays in the estate: PVE has no field for it',
} as const;

function secretsOf({ password, token, encryption_key, master_public_key }: PveStorageEntry) {
  const login = password ?? token;
  const isMade = encryption_key !== undefined && 'save_to' in encryption_key;
  const secrets: Declared['secrets'] = {
    ...(login === undefined ? {} : { password: login }),
    ...(encryption_key === undefined || isMade ? {} : { 'encryption-key': encryption_key }),
    ...(master_public_key === undefined ? {} : { 'master-pubkey': master_public_key }),
  };
  const makes: Declared['secrets'] = isMade ? { 'encryption-key': encryption_key.save_to } : {};
  return { secrets, makes };
}

function foundIn({ storage, raw }: PveStorage): Found {
  const key = raw['encryption-key'];
  return {
    name: storage,
    value: {
      ...heldIn(fields, raw),
      encrypted: key !== undefined,
      recoverable: raw['master-pubkey'] === undefined ? null : true,
      // Its fingerprint, or `1` of a key without one; it is not compared, and tells an escrowed key from another.
      key: key === undefined ? '' : String(key).toLowerCase(),
    },
  };
}

function decideStorage(declared: Declared, found: Found | undefined): Decided {
  if (found === undefined) return decideCreate(declared);
  const wanted = declared.item;
  // A key that the estate does not declare is never taken away: the backups made with it would be unreadable.
  const kept = (field: string): Json => (wanted[field] === true ? true : (found.value[field] ?? wanted[field] ?? null));
  const compared = { ...wanted, encrypted: kept('encrypted'), recoverable: kept('recoverable') };
  if (wanted['recoverable'] === true && compared.encrypted !== true) return withoutItsKey;
  const changes = changesBetween(section, found.value, compared);
  if (changes.length === 0) return { act: 'none' };
  const held = changes.filter(({ field }) => fields[field]?.fixed === true).map(({ field }) => field);
  if (held.length > 0) return replaced(declared, found, held, changes);
  if (!same(found.value['username'], wanted['username']) && declared.secrets['password'] === undefined)
    return withoutCredentials(
      declared.name,
      `its user is ${String(found.value['username'])} on ${declared.server} and ${String(wanted['username'])} here, and the password that PVE holds is the other user's`,
    );
  const because = [`${declared.server} holds another value than ${declared.place}`];
  return { act: 'update', ...verbOf(changes), because, changes, risk: 'changes' };
}

function replaced(
  declared: Declared,
  { value }: Found,
  held: readonly string[],
  changes: ReturnType<typeof changesBetween>,
): Decided {
  const { item, secrets, name, server } = declared;
  const anew = `its ${held.join(' and its ')} can only be changed by making it anew`;
  // Also of one that is switched off: the password goes with the old entry, and nobody would see that it is missing.
  if (secrets['password'] === undefined) return withoutCredentials(name, anew);
  // The backups that are there were made with this key: without it declared, the new entry would write them in clear.
  if (value['encrypted'] === true && item['encrypted'] !== true)
    return withoutKey(
      `${anew}, which takes its encryption key away`,
      `save /etc/pve/priv/storage/${name}.enc of a node and add: encryption_key: { file: PATH }`,
    );
  if (value['recoverable'] === true && item['recoverable'] !== true)
    return withoutKey(
      `${anew}, which takes its master public key away: backups from then on could not be opened with the private one`,
      `save what \`base64 -w0 /etc/pve/priv/storage/${name}.master.pem\` prints on a node and add: master_public_key: { file: PATH }`,
    );
  const because = [
    `its ${held.join(' and its ')} on ${server} is another, and PVE never changes it: the entry is removed and made anew`,
    'backups on the PBS stay where they are; a backup that runs at that moment fails',
  ];
  return { act: 'replace', because, changes, risk: 'destroys' };
}

const withoutKey = (says: string, remedy: string): Decided => ({
  act: 'refuse',
  code: 'storage-key-undeclared',
  says: `${says}, and the estate does not declare that key`,
  remedy,
});

/** Facts, pve-api section 2: refused when an entry is made, taken and then ignored when it is changed. */
const withoutItsKey: Decided = {
  act: 'refuse',
  code: 'master-key-alone',
  says: 'it has a master_public_key and no encryption key: PVE would write its backups in clear',
  remedy:
    'add encryption_key: { file: PATH }, or encryption_key: { save_to: { file: PATH } } to have one made; or take master_public_key out',
};

function decideCreate({ server, name, item, secrets, place }: Declared): Decided {
  if (item['recoverable'] === true && item['encrypted'] !== true) return withoutItsKey;
  if (item['enabled'] === true && secrets['password'] === undefined)
    return withoutCredentials(
      name,
      `${server} has no storage ${name}, and PVE logs in to the PBS when one is made: it needs the password or token secret`,
    );
  const because = [`${place} declares it, and ${server} has no storage of that name`];
  return { act: 'create', because, changes: creationOf(section, item, true), risk: 'adds' };
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

/** Another user name has another password; else the one that PVE holds stays, and so does its key. */
function isSent(secret: string, wanted: Fields, found: Found | undefined): boolean {
  if (found === undefined) return true;
  if (secret === 'password') return !same(found.value['username'], wanted['username']);
  const held = secret === 'encryption-key' ? 'encrypted' : 'recoverable';
  return wanted[held] === true && found.value[held] !== true;
}
