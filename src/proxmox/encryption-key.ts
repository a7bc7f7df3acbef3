// The key files of proxmox-backup-client, as PVE takes and makes them (facts: pbs-datastore-format, "Encryption"). A key can be
// told by its fingerprint, which says nothing of the key.
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Fault } from '../fault.ts';
import type { Instant } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';

const keyBytes = 32;

/** The full fingerprint: 32 hex pairs with colons, in lower case. @throws Fault `key-unusable`, which quotes nothing of it */
export function fingerprintOfKey(key: Secret, audience: string): string {
  const data = dataOf(key, audience);
  const idKey = pbkdf2Sync(data, '_id_key', 10, keyBytes, 'sha256');
  const label = createHash('sha256').update('Proxmox Backup Encryption Key Fingerprint').digest();
  const print = createHash('sha256').update(label).update(idKey).digest('hex');
  return (print.match(/../g) ?? []).join(':');
}

function dataOf(key: Secret, audience: string): Buffer {
  const unusable = (says: string): Fault =>
    new Fault('key-unusable', {
      where: key.name,
      says,
      remedy: 'it must be the key file of a PVE storage (/etc/pve/priv/storage/NAME.enc), without a passphrase',
    });
  let file: { kdf?: unknown; data?: unknown } | null;
  try {
    file = JSON.parse(key.revealTo(audience)) as typeof file;
  } catch {
    throw unusable('it is no JSON');
  }
  if (typeof file !== 'object' || file === null || typeof file.data !== 'string') throw unusable('it has no `data`');
  if (file.kdf !== null && file.kdf !== undefined) throw unusable('it is protected with a passphrase');
  const data = Buffer.from(file.data, 'base64');
  if (data.length !== keyBytes) throw unusable(`its \`data\` is of ${data.length} bytes, and a key has ${keyBytes}`);
  return data;
}

/** A new key file, made here so that it can be saved before any server has it. */
export function newKeyFile(at: Instant, name: string, audience: string): Secret {
  const bare = { kdf: null, created: at, modified: at, data: randomBytes(keyBytes).toString('base64') };
  const fingerprint = fingerprintOfKey(new Secret(name, JSON.stringify(bare), audience), audience);
  return new Secret(name, JSON.stringify({ ...bare, fingerprint }), audience);
}
