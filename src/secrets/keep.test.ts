import assert from 'node:assert/strict';
import { link, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { forKeeping, Secret } from '../values/secret.ts';
import { keepSecret, setAsideSecret } from './keep.ts';
import { secretKey } from './key.ts';
import { secretStore } from './resolve.ts';
import { anything, inFolder, settings } from './secrets.test-support.ts';

const made = (value = 'canary-1') => new Secret('value of a token', value, forKeeping);
const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

async function refused(work: Promise<unknown>, code: string, says: RegExp): Promise<void> {
  await assert.rejects(work, (thrown: unknown) => {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, code);
    assert.match(thrown.says, says);
    assert.doesNotMatch(JSON.stringify(thrown) + thrown.stack, /canary/);
    return true;
  });
}

describe('a secret that a server made', () => {
  it('is kept for its owner alone, whatever the umask is, and reads back as it was', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'token');
      const before = process.umask(0);
      try {
        await keepSecret({ file }, made(), anything);
      } finally {
        process.umask(before);
      }
      assert.equal(await modeOf(file), 0o600);
      const read = await secretStore(settings(), anything)({ file }, 'h:1');
      assert.equal(read.revealTo('h:1'), 'canary-1');
      assert.deepEqual(await readdir(folder), ['token'], 'nothing else is left beside it');
    }));

  it('takes the place of the one before as a whole: a reader has the old one or the new one, never a part', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'token');
      await keepSecret({ file }, made('canary-old'), anything);
      // Whoever opened the old one goes on reading that.
      await link(file, join(folder, 'the-old-one'));
      await keepSecret({ file }, made('canary-new'), anything);
      assert.equal(await readFile(join(folder, 'the-old-one'), 'utf8'), 'canary-old\n');
      assert.equal(await readFile(file, 'utf8'), 'canary-new\n');
    }));

  it('is kept though an earlier attempt broke off: what that left is taken away', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'token');
      const part = '.token.part';
      await writeFile(join(folder, part), 'canary-ha');
      await keepSecret({ file }, made(), anything);
      assert.deepEqual(await readdir(folder), ['token']);
      assert.equal(await readFile(file, 'utf8'), 'canary-1\n');
    }));

  it('never goes through a link that somebody laid: the link goes, and what it led to stays', () =>
    inFolder(async (folder) => {
      const [file, victim] = [join(folder, 'token'), join(folder, 'victim')];
      await writeFile(victim, 'mine');
      await symlink(victim, file);
      await keepSecret({ file }, made(), anything);
      assert.equal(await readFile(victim, 'utf8'), 'mine');
      assert.equal(await readFile(file, 'utf8'), 'canary-1\n');
    }));

  it('is kept in no other folder than those of the guard, nor by a link that leads out of them', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'allowed'));
      await mkdir(join(folder, 'elsewhere'));
      const rules = { ...anything, secret_folders: [join(folder, 'allowed')] };
      await keepSecret({ file: join(folder, 'allowed/token') }, made(), rules);
      await refused(keepSecret({ file: join(folder, 'elsewhere/token') }, made(), rules), 'secret-refused', /outside/);
      await symlink(join(folder, 'elsewhere'), join(folder, 'allowed/way'));
      await refused(
        keepSecret({ file: join(folder, 'allowed/way/token') }, made(), rules),
        'secret-refused',
        /outside/,
      );
      assert.deepEqual(await readdir(join(folder, 'elsewhere')), []);
    }));

  it('that cannot be written is said to be lost, with what to do, and leaves nothing behind', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'token'));
      await refused(keepSecret({ file: join(folder, 'token') }, made(), anything), 'secret-not-saved', /written/);
      assert.deepEqual(await readdir(folder), ['token']);
    }));

  it('that has no folder to lie in, or no file at all, is refused', () =>
    inFolder(async (folder) => {
      await refused(keepSecret({ file: join(folder, 'no/token') }, made(), anything), 'secret-not-saved', /written/);
      await refused(keepSecret({ env: 'TOKEN' }, made(), anything), 'secret-not-saved', /no file/);
    }));

  it('of a thing that is no more is set aside, not lost, and nothing is done where there is none', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'token');
      await setAsideSecret({ file }, anything);
      assert.deepEqual(await readdir(folder), []);
      await keepSecret({ file }, made('canary-old'), anything);
      await setAsideSecret({ file }, anything);
      assert.deepEqual(await readdir(folder), ['token.old']);
      assert.equal(await readFile(`${file}.old`, 'utf8'), 'canary-old\n');
      assert.equal(await modeOf(`${file}.old`), 0o600);
    }));
});

describe('the key of the digests of secrets', () => {
  it('is made once for each state, for its owner alone', () =>
    inFolder(async (folder) => {
      const key = await secretKey(folder);
      assert.equal(key.length, 32);
      assert.deepEqual(await secretKey(folder), key);
      assert.equal(await modeOf(join(folder, 'secret-digest.key')), 0o600);
      assert.deepEqual(await readdir(folder), ['secret-digest.key']);
      await inFolder(async (other) => assert.notDeepEqual(await secretKey(other), key));
    }));

  it('is one where several make it at the same time', () =>
    inFolder(async (folder) => {
      const keys = await Promise.all(Array.from({ length: 8 }, () => secretKey(folder)));
      assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 1);
    }));

  it('is what a digest depends on: with another key, nobody can try words against it', () =>
    inFolder(async (folder) => {
      const secret = made();
      const key = await secretKey(folder);
      assert.equal(secret.keyedDigest(key), made().keyedDigest(key));
      assert.notEqual(secret.keyedDigest(key), made('canary-2').keyedDigest(key));
      await rename(join(folder, 'secret-digest.key'), join(folder, 'old'));
      assert.notEqual(secret.keyedDigest(await secretKey(folder)), secret.keyedDigest(key));
    }));

  it('is told to be damaged where it is no key, instead of being used', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'secret-digest.key'), 'short');
      await assert.rejects(
        secretKey(folder),
        (thrown: unknown) => thrown instanceof Fault && thrown.code === 'secret-key-damaged',
      );
    }));
});
