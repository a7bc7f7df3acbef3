import assert from 'node:assert/strict';
import { chmod, chown, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { defaultGuard } from '../guard/guard.ts';
import { files, withFiles } from './estate.test-support.ts';
import { InvalidFile, problemText } from './problem.ts';
import { readGuard } from './read-guard.ts';

const user = process.getuid?.() ?? -1;
const guardAt = (path: string) => readGuard(path, { files, user });

async function problemsOf(path: string): Promise<readonly string[]> {
  try {
    await guardAt(path);
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof InvalidFile);
    assert.deepEqual([thrown.code, thrown.exit], ['guard-invalid', 'invalid']);
    return thrown.problems.map((problem) => problemText(problem).replace(/^.*\//, ''));
  }
}

const withGuard = <Result>(text: string, work: (path: string) => Promise<Result>): Promise<Result> =>
  withFiles({ 'guard.yaml': text }, (folder) => work(join(folder, 'guard.yaml')));

describe('the guard file', () => {
  it('need not be there: then no command is run, and only what strengthens or is neutral passes alone', () =>
    withFiles({}, async (folder) => {
      assert.deepEqual(await guardAt(join(folder, 'none.yaml')), defaultGuard);
      assert.deepEqual(defaultGuard.commands, []);
      assert.deepEqual(defaultGuard.unattended, ['strengthens', 'neutral']);
      assert.equal(defaultGuard.secret_folders, undefined);
    }));

  it('says what is allowed, with defaults for what it leaves out', () =>
    withGuard(
      'commands:\n  - { path: /usr/bin/pass, args: [show, ruapehu] }\nsecret_folders: [/etc/holdfast/]\nunattended: []\n',
      async (path) => {
        const guard = await guardAt(path);
        assert.deepEqual(guard.commands, [{ path: '/usr/bin/pass', args: ['show', 'ruapehu'] }]);
        assert.deepEqual(guard.secret_folders, ['/etc/holdfast/']);
        assert.deepEqual(guard.unattended, []);
        assert.deepEqual(guard.identities_resident, ['observe', 'run']);
      },
    ));

  it('tells everything that is wrong with it, in its place', () =>
    withGuard(
      'comands: []\ncommands:\n  - { path: pass }\nunattended: [weakens]\nidentities_resident: [prune]\nbindings:\n  - { secret: hunter2, hosts: [] }\nretention_floors:\n  - { section: workloads, keep: {} }\n',
      async (path) =>
        assert.deepEqual(await problemsOf(path), [
          'guard.yaml:1:1 comands: is not known; did you mean commands?',
          'guard.yaml:3:13 commands[0].path: is no absolute path',
          'guard.yaml:4:14 unattended[0]: can only be strengthens or neutral; what weakens, reaches or destroys always needs a person',
          'guard.yaml:5:23 identities_resident[0]: can only be observe, run or drill; configure and prune are given for one apply and never kept',
          'guard.yaml:7:15 bindings[0].secret: holds the secret itself; put it in a 0600 file and write { file: NAME }, then change the secret: it has been readable here',
          'guard.yaml:7:31 bindings[0].hosts: is empty; fill it in, or remove the key',
          'guard.yaml:9:16 retention_floors[0].section: cannot be "workloads"; write one of layers, pbs, pbs_storages, backup_jobs',
        ]),
    ));

  for (const mode of [0o664, 0o646, 0o666])
    it(`is refused where others may write it (${mode.toString(8)})`, () =>
      withGuard('unattended: []\n', async (path) => {
        await chmod(path, mode);
        assert.deepEqual(await problemsOf(path), ['guard.yaml:1:1 can be written by others; run chmod 644 on it']);
      }));

  it('is refused in a folder that others may write, who could put another in its place or take it away', () =>
    withFiles({ 'open/kept/guard.yaml': 'unattended: []\n' }, async (folder) => {
      await chmod(join(folder, 'open'), 0o777);
      const says =
        'can be changed by others, who could take the guard file away; let it be of root, and run chmod go-w on it';
      for (const name of ['guard.yaml', 'none.yaml'])
        assert.deepEqual(await problemsOf(join(folder, 'open/kept', name)), [`open:1:1 ${says}`]);
      await chmod(join(folder, 'open'), 0o755);
      assert.deepEqual(await problemsOf(join(folder, 'open/kept/guard.yaml')), []);
    }));

  it('may be read by anybody', () =>
    withGuard('unattended: []\n', async (path) => {
      await chmod(path, 0o644);
      assert.deepEqual(await problemsOf(path), []);
    }));

  it('is refused where it is a link, or no file', () =>
    withGuard('unattended: []\n', async (path) => {
      await symlink(path, `${path}.link`);
      assert.match((await problemsOf(`${path}.link`)).join(), /is a symbolic link/);
      assert.match((await problemsOf(join(path, '..'))).join(), /is a folder, not a regular file/);
    }));

  it('is refused where it belongs to somebody else', { skip: user !== 0 && 'only root can give files away' }, () =>
    withGuard('unattended: []\n', async (path) => {
      await chown(path, 1234, 0);
      assert.match((await problemsOf(path)).join(), /belongs to user 1234, who could change what it allows/);
    }),
  );

  it('is refused as a whole where its YAML is', () =>
    withGuard('commands: [\n', async (path) => assert.equal((await problemsOf(path)).length, 1)));
});
