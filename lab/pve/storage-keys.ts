// The files below /etc/pve/priv/storage that belong to an entry of type pbs: ID.pw, ID.enc, ID.master.pem (facts: pve-api
// section 2, "Keys get lost easily").
import { createHash, randomBytes } from 'node:crypto';
import type { PveHost } from './host.ts';
import { died } from './refusal.ts';

const file = (storage: string, ending: 'pw' | 'enc' | 'enc.old' | 'master.pem'): string =>
  `storage ${storage}.${ending}`;

export const passwordOf = (host: PveHost, storage: string): string | undefined =>
  host.secrets.reveal(file(storage, 'pw'));

export type Sensitive = Readonly<Partial<Record<'password' | 'encryption-key' | 'master-pubkey', string>>>;
/** `shown`: the whole key, which only this answer carries; `options`: what the entry gets instead. */
export type Kept = Readonly<{
  shown: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string | number>>;
}>;

/** Writes the files; a key that cannot be read is refused, and what was written before stays. */
export function keepSecrets(host: PveHost, storage: string, given: Sensitive): Kept {
  if (given.password !== undefined) host.secrets.put(file(storage, 'pw'), given.password);
  const options: Record<string, string | number> = {};
  const shown: Record<string, string> = {};
  const key = given['encryption-key'];
  if (key !== undefined) {
    const made = key === 'autogen' ? generatedKey(new Date(host.now()).toISOString()) : key;
    const fingerprint = fingerprintIn(made);
    const present = host.secrets.reveal(file(storage, 'enc'));
    if (key === 'autogen' && present !== undefined) host.secrets.put(file(storage, 'enc.old'), present);
    host.secrets.put(file(storage, 'enc'), made);
    options['encryption-key'] = fingerprint;
    shown['encryption-key'] = made;
  }
  if (given['master-pubkey'] !== undefined) {
    host.secrets.put(file(storage, 'master.pem'), given['master-pubkey']);
    options['master-pubkey'] = 1;
  }
  return { shown, options };
}

export function dropSecret(host: PveHost, storage: string, name: string): void {
  if (name === 'password') host.secrets.drop(file(storage, 'pw'));
  if (name === 'encryption-key') host.secrets.drop(file(storage, 'enc'));
  if (name === 'master-pubkey') host.secrets.drop(file(storage, 'master.pem'));
}

/** With the entry go its files; one generation of an old key survives. */
export function dropAllSecrets(host: PveHost, storage: string): void {
  for (const name of ['password', 'encryption-key', 'master-pubkey']) dropSecret(host, storage, name);
}

function generatedKey(time: string): string {
  const data = randomBytes(32);
  const fingerprint = createHash('sha256').update(data).digest('hex').match(/../g)?.join(':');
  return JSON.stringify({ kdf: null, created: time, modified: time, data: data.toString('base64'), fingerprint });
}

/** Only that there is `data` is looked at. A key without fingerprint is shown as 1. */
function fingerprintIn(key: string): string | number {
  const read = jsonOf(key);
  if (read === undefined || !Object.hasOwn(read, 'data'))
    throw died('Value does not seems like a valid, JSON formatted encryption key!');
  return typeof read['fingerprint'] === 'string' ? read['fingerprint'] : 1;
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
