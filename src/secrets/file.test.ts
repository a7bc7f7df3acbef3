import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { secretStore } from './resolve.ts';
import { anything, fileIn, inFolder, settings, user } from './secrets.test-support.ts';

const audience = 'ruapehu:8006';
const read = async (file: string, rules = anything): Promise<string> =>
  (await secretStore(settings(), rules)({ file }, audience)).revealTo(audience);

/** The fault names the file and never what is in it. */
async function refused(file: string, code: string, says: RegExp, rules = anything): Promise<void> {
  await assert.rejects(read(file, rules), (thrown: unknown) => {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, code);
    assert.equal(thrown.where, `file ${file}`);
    assert.match(thrown.says, says);
    assert.notEqual(thrown.remedy, '');
    assert.doesNotMatch(JSON.stringify(thrown) + thrown.stack, /canary/);
    return true;
  });
}

describe('a secret in a file', () => {
  it('is the text of the file without its last line break', () =>
    inFolder(async (folder) => {
      assert.equal(await read(await fileIn(folder, 'one', 'canary-1\n')), 'canary-1');
      assert.equal(await read(await fileIn(folder, 'two', 'canary-2\r\n', 0o400)), 'canary-2');
      assert.equal(await read(await fileIn(folder, 'three', 'canary\nof two lines\n\n')), 'canary\nof two lines\n');
    }));

  for (const mode of [0o640, 0o604, 0o660, 0o622, 0o610])
    it(`is refused where others may touch it (${mode.toString(8)})`, () =>
      inFolder(async (folder) =>
        refused(await fileIn(folder, 'open', 'canary', mode), 'secret-exposed', /can be opened by others.*chmod 600/),
      ));

  it('is refused where the file is a program or has a set-uid bit', () =>
    inFolder(async (folder) => {
      await refused(await fileIn(folder, 'program', 'canary', 0o700), 'secret-exposed', /mode 0700/);
      await refused(await fileIn(folder, 'setuid', 'canary', 0o4600), 'secret-exposed', /mode 4600/);
    }));

  it('is refused where the name is a link, even to a good file', () =>
    inFolder(async (folder) => {
      const good = await fileIn(folder, 'good', 'canary');
      await symlink(good, join(folder, 'link'));
      await refused(join(folder, 'link'), 'secret-exposed', /symbolic link/);
    }));

  it('is refused where it is what the kernel tells of a process, which holds all secrets of its environment', () =>
    refused('/proc/self/environ', 'secret-refused', /the kernel/));

  it('is refused where there is a folder or a pipe instead, without waiting for anybody', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'folder'));
      await refused(join(folder, 'folder'), 'secret-exposed', /no regular file/);
      execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
      await refused(join(folder, 'pipe'), 'secret-exposed', /no regular file/);
    }));

  it('is refused where another could swap the folder it is in', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'shared'));
      const file = await fileIn(join(folder, 'shared'), 'secret', 'canary');
      await chmod(join(folder, 'shared'), 0o770);
      await refused(file, 'secret-exposed', /shared can be changed by others/);
      await chmod(join(folder, 'shared'), 0o1777);
      assert.equal(await read(file), 'canary', 'a sticky folder protects what others own in it');
    }));

  it(
    'is refused where it, or its folder, belongs to another user',
    { skip: user !== 0 && 'only root can give files away' },
    () =>
      inFolder(async (folder) => {
        const file = await fileIn(folder, 'foreign', 'canary');
        await chown(file, 1234, 0);
        await refused(file, 'secret-exposed', /belongs to user 1234/);
        await mkdir(join(folder, 'theirs'));
        const inside = await fileIn(join(folder, 'theirs'), 'secret', 'canary');
        await chown(join(folder, 'theirs'), 1234, 0);
        await refused(inside, 'secret-exposed', /theirs can be changed by others/);
      }),
  );

  it('says so where there is none', () =>
    inFolder(async (folder) => {
      await refused(join(folder, 'nothing'), 'secret-missing', /there is no file/);
      await refused(join(folder, 'no-folder', 'nothing'), 'secret-missing', /there is no file/);
    }));

  it('is refused where it cannot be one: empty, too short, too long, no text', () =>
    inFolder(async (folder) => {
      await refused(await fileIn(folder, 'empty', '\n'), 'secret-unusable', /is empty/);
      await refused(await fileIn(folder, 'short', 'abc\n'), 'secret-unusable', /fewer than 4/);
      await refused(await fileIn(folder, 'long', 'canary'.repeat(12_000)), 'secret-unusable', /longer than 64 KiB/);
      await refused(await fileIn(folder, 'binary', Buffer.from([0xff, 0xfe, 0xfd, 0xfc])), 'secret-unusable', /UTF-8/);
    }));

  it('stays within the folders of the guard, whatever links lead out of them', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'allowed'));
      await mkdir(join(folder, 'outside'));
      const rules = { ...anything, secret_folders: [join(folder, 'allowed')] };
      assert.equal(await read(await fileIn(join(folder, 'allowed'), 'in', 'canary'), rules), 'canary');
      await fileIn(join(folder, 'outside'), 'out', 'canary');
      await symlink(join(folder, 'outside'), join(folder, 'allowed', 'way-out'));
      await refused(join(folder, 'allowed', 'way-out', 'out'), 'secret-refused', /really lies in/, rules);
      await refused(join(folder, 'outside', 'out'), 'secret-refused', /really lies in/, rules);
    }));
});

describe('a credential of the unit', () => {
  it('may be readable by the group of the unit, as systemd makes it', () =>
    inFolder(async (folder) => {
      await fileIn(folder, 'pbs-token', 'canary', 0o440);
      const store = secretStore(settings({ env: { CREDENTIALS_DIRECTORY: folder } }), anything);
      assert.equal((await store({ systemd: 'pbs-token' }, audience)).revealTo(audience), 'canary');
      await fileIn(folder, 'world', 'canary', 0o444);
      await assert.rejects(store({ systemd: 'world' }, audience), /can be opened by others/);
    }));

  it('is missing where Holdfast was not started as a unit', async () => {
    const store = secretStore(settings(), anything);
    await assert.rejects(store({ systemd: 'pbs-token' }, audience), (thrown: unknown) => {
      assert.ok(thrown instanceof Fault);
      assert.match(thrown.remedy, /LoadCredential=pbs-token/);
      return true;
    });
  });
});
