// A dump that passes: its end, its checksum, and what may stand behind it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { argvOf, faultOf } from './client.ts';
import { problemIn } from './compare.ts';
import { Crc64 } from './crc64.ts';
import { infoOf, keyspaceOf } from './info.ts';
import { passing } from './rdb.ts';

const crcOf = (bytes: Uint8Array): Buffer => {
  const crc = new Crc64();
  crc.update(bytes);
  return crc.digest();
};

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const body = Buffer.concat([
  Buffer.from('REDIS0010'),
  ...['redis-ver', '7.0.15'].map((one, at) => Buffer.concat([Buffer.from(at === 0 ? [0xfa] : []), text(one)])),
  Buffer.concat([Buffer.from([0xfa]), text('ctime'), Buffer.from([0xc2, 0x10, 0x20, 0x30, 0x40])]),
  Buffer.alloc(5000, 'some keys '),
  Buffer.from([0xff]),
]);
const whole = Buffer.concat([body, crcOf(body)]);
const mark = Buffer.from('0123456789abcdef0123456789abcdef01234567');

async function passed(dump: Buffer, size: number) {
  const pieces = async function* () {
    for (let at = 0; at < dump.length; at += size) yield dump.subarray(at, at + size);
  };
  const { pieces: given, seen } = passing(pieces(), 'here');
  const all: Buffer[] = [];
  for await (const piece of given) all.push(Buffer.from(piece));
  return { bytes: Buffer.concat(all), seen: seen() };
}

const fails = (dump: Buffer, code: string) =>
  assert.rejects(passed(dump, 1000), (error) => error instanceof Fault && error.code === code);

describe('the checksum of Redis', () => {
  it('is that of its own published value, whole or in pieces', () => {
    assert.equal(crcOf(Buffer.from('123456789')).readBigUInt64LE().toString(16), 'e9c6d914c4b8d9ca');
    const crc = new Crc64();
    for (const piece of ['1', '234567890abcdefgh', '', 'ijklmnopqrstu']) crc.update(Buffer.from(piece));
    assert.deepEqual(crc.digest(), crcOf(Buffer.from('1234567890abcdefghijklmnopqrstu')));
  });
});

describe('a dump that passes', () => {
  it('is what it was, in pieces of any size, and says what made it', async () => {
    for (const size of [1, 7, 48, 49, 50, 1000, 10_000])
      for (const dump of [whole, Buffer.concat([whole, mark])]) {
        const { bytes, seen } = await passed(dump, size);
        assert.ok(bytes.equals(whole), `pieces of ${size}`);
        assert.deepEqual(seen.header.facts, { 'redis-ver': '7.0.15', ctime: String(0x40302010) });
      }
  });

  it('is refused where it is cut off, filled up, or of something else', async () => {
    await fails(whole.subarray(0, 3000), 'dump-cut-short');
    await fails(Buffer.concat([whole.subarray(0, 3000), Buffer.alloc(whole.length - 3000)]), 'dump-cut-short');
    await fails(Buffer.concat([whole, Buffer.from('-ERR it went away\r\n')]), 'dump-cut-short');
    await fails(Buffer.concat([Buffer.from('PGDMP'), whole.subarray(5)]), 'dump-cut-short');
    await fails(Buffer.alloc(0), 'dump-cut-short');
  });

  it('is refused where a byte in it is another one, its end being right', async () => {
    const other = Buffer.from(whole);
    other[2500] = 0;
    await fails(other, 'dump-damaged');
  });

  it('is known by what it holds: in any order, made whenever and by whichever process, and no other byte in it', async () => {
    const dumpOf = (made: number, keys: readonly string[]): Buffer => {
      const facts = [text('ctime'), Buffer.from([0xc1, made & 255, made >>> 8])];
      const all = Buffer.concat([Buffer.from('REDIS0010'), Buffer.from([0xfa]), ...facts, ...keys.map(text)]);
      const ended = Buffer.concat([all, Buffer.from([0xff])]);
      return Buffer.concat([ended, crcOf(ended)]);
    };
    const contentOf = async (dump: Buffer, size = 1000) => (await passed(dump, size)).seen.content;
    const keys = Array.from({ length: 100 }, (_, at) => `key ${at}`);
    const first = await contentOf(dumpOf(1, keys));
    for (const size of [1, 7, 50, 10_000]) assert.equal(await contentOf(dumpOf(1, keys), size), first, `of ${size}`);
    assert.equal(await contentOf(dumpOf(30_000, [...keys].reverse())), first);
    assert.notEqual(await contentOf(dumpOf(1, [...keys.slice(1), 'key a'])), first);
  });

  it('without a checksum passes, and says so', async () => {
    assert.equal((await passed(Buffer.concat([body, Buffer.alloc(8)]), 1000)).seen.checksum, 'none');
  });
});

describe('what is asked and answered', () => {
  const entry = { name: 'cache', server: { port: 6379, user: 'holdfast' } };

  it('never has the password among its words', () => {
    const words = argvOf({ entry, password: 'hidden' }, ['--rdb', '-']);
    assert.ok(!words.some((word) => word.includes('hidden')));
  });

  it('is told apart by the words of redis-cli', () => {
    const code = (stderr: string) =>
      faultOf({ entry }, 'ping', { exitCode: 1, signal: undefined, stdout: '', stderr }).code;
    assert.equal(
      code('AUTH failed: WRONGPASS invalid username-password pair or user is disabled.'),
      'database-login-refused',
    );
    assert.equal(code('SYNC with master failed: -NOPERM this user has no permissions'), 'dump-not-allowed');
    assert.equal(code('Could not connect to Redis at 127.0.0.1:1: Connection refused'), 'database-unreachable');
    assert.equal(code('-ERR something new'), 'dump-failed');
  });

  it('counts keys of all databases', () => {
    const info = infoOf('# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=9\r\ndb11:keys=1,expires=0,avg_ttl=0\r\n');
    assert.deepEqual(keyspaceOf(info), { databases: { db0: 5, db11: 1 }, keys: 6, expires: 2 });
  });

  it('after a restore must be all keys of the dump, of which some may have been over', () => {
    const taken: Taken = {
      ...{ name: 'dump', form: 'rdb', part: 'd01.rdb', compress: 'none', bytes: 1, sha256: 'a'.repeat(64) },
      counts: { keys: 10, expires: 4 },
      about: { counted: true },
    };
    const info = { rdb_last_load_keys_loaded: '7', rdb_last_load_keys_expired: '3', db0: 'keys=7,expires=1' };
    assert.equal(problemIn({ taken, reads: 'dump' }, info), undefined);
    assert.match(problemIn({ taken, reads: 'dump' }, { ...info, rdb_last_load_keys_loaded: '6' }) ?? '', /loaded 6/);
    assert.match(problemIn({ taken, reads: 'logs' }, info) ?? '', /log of commands/);
    assert.match(problemIn({ taken, reads: 'dump' }, { db0: 'keys=2,expires=0' }) ?? '', /has 2 keys/);
  });
});
