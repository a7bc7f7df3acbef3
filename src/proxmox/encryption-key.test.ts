import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { instantAt } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import { fingerprintOfKey, newKeyFile } from './encryption-key.ts';

const fileOf = (value: unknown): Secret =>
  new Secret('file /x.enc', typeof value === 'string' ? value : JSON.stringify(value), 'pve:1');
// Facts, pbs-datastore-format section 4: the bytes 00 to 1f.
const data = Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)).toString('base64');
const print = '0eabd4460b6eb9ca345023dee2b778c790e54a1683b9659c0a57ae199090159b';

describe('the key file of a storage', () => {
  it('has the fingerprint that proxmox-backup-client gives it', () => {
    const fingerprint = fingerprintOfKey(fileOf({ kdf: null, data }), 'pve:1');
    assert.equal(fingerprint.replaceAll(':', ''), print);
    assert.match(fingerprint, /^(?:[0-9a-f]{2}:){31}[0-9a-f]{2}$/);
  });

  it('is told from another by it', () => {
    const other = Buffer.alloc(32, 1).toString('base64');
    assert.notEqual(fingerprintOfKey(fileOf({ data: other }), 'pve:1').replaceAll(':', ''), print);
  });

  it('that is new is one that PVE can use, another each time, and opens for whoever keeps it alone', () => {
    const at = instantAt(Date.UTC(2026, 10, 21));
    const [one, other] = [newKeyFile(at, 'key', 'a'), newKeyFile(at, 'key', 'a')];
    const file = JSON.parse(one.revealTo('a'));
    assert.deepEqual(Object.keys(file), ['kdf', 'created', 'modified', 'data', 'fingerprint']);
    assert.equal(file.kdf, null);
    assert.equal(file.created, '2026-11-21T00:00:00.000Z');
    assert.equal(Buffer.from(file.data, 'base64').length, 32);
    assert.equal(file.fingerprint, fingerprintOfKey(one, 'a'));
    assert.notEqual(one.revealTo('a'), other.revealTo('a'));
    assert.throws(() => one.revealTo('b'));
  });

  for (const [what, content, says] of [
    ['no JSON', 'canary-of-the-key', /no JSON/],
    ['no mapping', 'null', /no `data`/],
    ['without data', { kdf: null }, /no `data`/],
    ['too short', { data: Buffer.from('canary').toString('base64') }, /of 6 bytes, and a key has 32/],
    ['behind a passphrase', { kdf: { Scrypt: { n: 65536 } }, data }, /passphrase/],
  ] as const)
    it(`is refused where it is ${what}, and nothing of it is said`, () =>
      assert.throws(
        () => fingerprintOfKey(fileOf(content), 'pve:1'),
        (thrown: unknown) => {
          assert.ok(thrown instanceof Fault);
          assert.equal(thrown.code, 'key-unusable');
          assert.match(thrown.says, says);
          assert.doesNotMatch(JSON.stringify(thrown) + thrown.stack, /canary|AAECAwQ/);
          return true;
        },
      ));
});
