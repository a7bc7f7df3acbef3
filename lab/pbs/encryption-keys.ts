// Keys that sync jobs encrypt and decrypt with (facts: pbs-api section 6; key files: pbs-datastore-format section 4).
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { digestOf, refuseStaleDigest, secretName, underLock } from './config-file.ts';
import {
  answerWith,
  flag,
  list,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  secondsNow,
  text,
} from './host.ts';
import { badParameters, badRequest } from './refusal.ts';
import { may } from './rights.ts';
import type { Section } from './state.ts';

type KeyFile = Readonly<{ kdf: null; created: string; modified: string; data: string; fingerprint: string }>;

const hashed = (...parts: readonly (Buffer | string)[]): Buffer =>
  parts.reduce<ReturnType<typeof createHash>>((hash, part) => hash.update(part), createHash('sha256')).digest();

export function keyFingerprint(key: Buffer): string {
  const idKey = pbkdf2Sync(key, '_id_key', 10, 32, 'sha256');
  const sum = hashed(hashed('Proxmox Backup Encryption Key Fingerprint'), idKey).toString('hex');
  return (sum.match(/../g) ?? []).join(':');
}

const keyBytes = 32;

function newKey(host: PbsHost): KeyFile {
  const key = randomBytes(keyBytes);
  const now = new Date(host.now()).toISOString().replace(/\.\d+Z$/, '+00:00');
  return { kdf: null, created: now, modified: now, data: key.toString('base64'), fingerprint: keyFingerprint(key) };
}

function givenKey(given: string): KeyFile {
  const file = parsed(given);
  const { kdf = null, data, created, modified } = file;
  if (kdf !== null) throw badRequest('cannot use keys with passphrase');
  const key = Buffer.from(String(data ?? ''), 'base64');
  if (key.length !== keyBytes) throw badRequest(`unexpected key length (${key.length} != ${keyBytes})`);
  const fingerprint = keyFingerprint(key);
  if (file['fingerprint'] !== undefined && file['fingerprint'] !== fingerprint)
    throw badRequest('fingerprint of the key does not match the one in its file');
  return { kdf, created: String(created), modified: String(modified), data: String(data), fingerprint };
}

function parsed(given: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(given) as Record<string, unknown>) };
  } catch {
    throw badParameters([['key', 'unable to parse key file']]);
  }
}

const seconds = (moment: string): number => Math.floor(Date.parse(moment) / 1000) || 0;

async function create(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, 'id');
  const given = text(call.params, 'key');
  const key = given === undefined ? newKey(host) : givenKey(given);
  await underLock(host, call, 'encryption-keys', () => {
    if (host.state.encryptionKeys.some((one) => one.id === id))
      throw badParameters([['id', `key with id '${id}' already exists.`]]);
    const { created, modified, fingerprint } = key;
    host.secrets.put(secretName('encryption-keys', id, 'key'), key.data);
    host.state.encryptionKeys.push({
      id,
      options: { created: seconds(created), modified: seconds(modified), fingerprint, kdf: 'none' },
    });
  });
  return answerWith({ id, ...key });
}

function keyNamed({ state }: PbsHost, id: string): Section {
  const found = state.encryptionKeys.find((one) => one.id === id);
  if (found === undefined) throw badRequest(`no such encryption key '${id}'`);
  return found;
}

const usersOf = ({ state }: PbsHost, id: string, how: 'active' | 'any'): readonly string[] =>
  state.syncJobs
    .filter(
      ({ options }) =>
        options['active-encryption-key'] === id || (how === 'any' && list(options, 'associated-key').includes(id)),
    )
    .map((job) => job.id);

async function toggle(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'encryption-keys', () => {
    refuseStaleDigest(host, call, 'encryption-keys');
    const key = keyNamed(host, required(call.params, 'id'));
    const active = usersOf(host, key.id, 'active');
    if (active.length > 0) throw badRequest(`key '${key.id}' is in use by sync job '${active[0]}'`);
    if (key.options['archived-at'] === undefined) key.options['archived-at'] = secondsNow(host);
    else delete key.options['archived-at'];
  });
  return answerWith(null);
}

async function remove(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'encryption-keys', () => {
    refuseStaleDigest(host, call, 'encryption-keys');
    const key = keyNamed(host, required(call.params, 'id'));
    const [user] = usersOf(host, key.id, 'any');
    if (user !== undefined) throw badRequest(`key '${key.id}' is still associated with sync job '${user}'`);
    if (key.options['archived-at'] === undefined) throw badRequest(`key '${key.id}' is not archived, refuse to remove`);
    host.state.encryptionKeys = host.state.encryptionKeys.filter((one) => one !== key);
    host.secrets.drop(secretName('encryption-keys', key.id, 'key'));
  });
  return answerWith(null);
}

export const encryptionKeys: PbsHandlers = {
  'GET /config/encryption-keys': (host, call) => {
    const seen = host.state.encryptionKeys.filter(
      ({ id, options }) =>
        (flag(call.params, 'include-archived') || options['archived-at'] === undefined) &&
        may(host, call, `/system/encryption-keys/${id}`, 'Sys.Audit'),
    );
    const rows = host.chance.shuffled(seen).map(({ id, options }) => ({ id, ...options }));
    return answerWith(rows, { digest: digestOf(host, 'encryption-keys') });
  },
  'POST /config/encryption-keys': create,
  'POST /config/encryption-keys/{id}': toggle,
  'DELETE /config/encryption-keys/{id}': remove,
};
