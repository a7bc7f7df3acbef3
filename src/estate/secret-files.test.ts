import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { problemsOf, read, withFiles } from './estate.test-support.ts';

const estate = (file: string): string =>
  `estate: a\npve:\n  - { name: r, url: "https://r:8006", trust: ca, token: { id: a@pve!b, secret: { file: ${file} } } }\n`;

const withSecret = <Result>(file: string, mode: number, work: (folder: string) => Promise<Result>): Promise<Result> =>
  withFiles({ 'estate.yaml': estate(file), 'hosts/token': 'canary-secret' }, async (folder) => {
    await chmod(join(folder, 'hosts/token'), mode);
    return work(folder);
  });

describe('a file with a secret', () => {
  it('is named from where the reference stands, and becomes absolute', () =>
    withSecret('hosts/token', 0o600, async (folder) => {
      const { pve } = await read(join(folder, 'estate.yaml'));
      assert.deepEqual(pve[0]?.token?.secret, { file: join(folder, 'hosts/token') });
    }));

  it('is named from the included file, where the reference stands in one', () =>
    withFiles(
      {
        'estate.yaml': 'estate: a\ninclude: [hosts/pve.yaml]\n',
        'hosts/pve.yaml': estate('token').slice(10),
        'hosts/token': 'canary',
      },
      async (folder) => {
        await chmod(join(folder, 'hosts/token'), 0o400);
        const { pve } = await read(join(folder, 'estate.yaml'));
        assert.deepEqual(pve[0]?.token?.secret, { file: join(folder, 'hosts/token') });
      },
    ));

  it('that is made at its first use need not be there yet; once it is there, it is looked at like any other', () => {
    const storage = `pbs_storages:\n  - { name: p1, server: pbs, datastore: tank, trust: ca, enabled: false, encryption_key: { save_to: { file: keys/p1.enc } } }\n`;
    return withFiles({ 'estate.yaml': `estate: a\n${storage}`, 'keys/other': 'canary' }, async (folder) => {
      assert.deepEqual(await problemsOf(join(folder, 'estate.yaml')), []);
      await writeFile(join(folder, 'keys/p1.enc'), 'canary');
      await chmod(join(folder, 'keys/p1.enc'), 0o644);
      assert.match((await problemsOf(join(folder, 'estate.yaml'))).join(), /save_to: file .*can be opened by others/);
    });
  });

  it('that a server makes is kept in a file of its own: the second one would take the place of the first', async () => {
    const pbs = (name: string, file: string) =>
      `  - { name: ${name}, url: "https://${name}:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, tokens: [{ id: b@pbs!c, save_to: { file: ${file} } }] }\n`;
    const storage = (name: string, file: string) =>
      `  - { name: ${name}, server: x, datastore: tank, trust: ca, enabled: false, encryption_key: { save_to: { file: ${file} } } }\n`;
    const problems = (...parts: readonly string[]) =>
      withFiles({ 'estate.yaml': `estate: a\n${parts.join('')}` }, (folder) => problemsOf(join(folder, 'estate.yaml')));
    const tokens = await problems('pbs:\n', pbs('p', 'one'), pbs('q', 'one'));
    assert.equal(tokens.length, 1);
    assert.match(
      tokens.join(),
      /pbs\[1\]\.tokens\[0\]\.save_to: file one is where pbs\[0\]\.tokens\[0\]\.save_to is kept/,
    );
    const both = await problems('pbs:\n', pbs('p', 'one'), 'pbs_storages:\n', storage('p1', 'one'));
    assert.equal(both.length, 1, both.join());
    assert.deepEqual(await problems('pbs:\n', pbs('p', 'one'), pbs('q', 'two')), []);
    const shared = await problems('pbs_storages:\n', storage('p1', 'one'), storage('p2', 'one'));
    assert.deepEqual(shared, [], 'control: one key may serve several storages');
  });

  for (const mode of [0o644, 0o640, 0o660, 0o604])
    it(`is refused with its estate where others may read it (${mode.toString(8)})`, () =>
      withSecret('hosts/token', mode, async (folder) => {
        assert.deepEqual(await problemsOf(join(folder, 'estate.yaml')), [
          `estate.yaml:3:80 pve[0].token.secret: file hosts/token can be opened by others (mode 0${mode.toString(8)}); run chmod 600 on it`,
        ]);
      }));

  it('is refused with its estate where it is a link, or not there', () =>
    withSecret('hosts/link', 0o600, async (folder) => {
      assert.match((await problemsOf(join(folder, 'estate.yaml'))).join(), /hosts\/link does not exist/);
      await symlink(join(folder, 'hosts/token'), join(folder, 'hosts/link'));
      assert.match((await problemsOf(join(folder, 'estate.yaml'))).join(), /hosts\/link is a symbolic link/);
    }));

  it('is not opened while the estate is read', () =>
    withSecret('hosts/pipe', 0o600, async (folder) => {
      // Opening a folder for reading, or waiting on a pipe, would show; looking at it does not.
      await mkdir(join(folder, 'hosts/pipe'));
      assert.match((await problemsOf(join(folder, 'estate.yaml'))).join(), /hosts\/pipe is no regular file/);
    }));
});
