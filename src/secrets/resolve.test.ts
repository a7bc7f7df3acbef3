import assert from 'node:assert/strict';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { redactor } from '../values/secret.ts';
import { secretStore } from './resolve.ts';
import { anything, fileIn, inFolder, settings } from './secrets.test-support.ts';

const ruapehu = 'ruapehu:8006';

describe('the store of secrets', () => {
  it('gives what the environment holds, and says which variable is not set', async () => {
    const store = secretStore(settings({ env: { PBS_TOKEN: 'canary' } }), anything);
    assert.equal((await store({ env: 'PBS_TOKEN' }, ruapehu)).revealTo(ruapehu), 'canary');
    await assert.rejects(store({ env: 'OTHER' }, ruapehu), (thrown: unknown) => {
      assert.ok(thrown instanceof Fault);
      assert.deepEqual([thrown.code, thrown.where], ['secret-missing', 'env OTHER']);
      return true;
    });
  });

  it('binds what it hands out to whom it was asked for', async () => {
    const store = secretStore(settings({ env: { PBS_TOKEN: 'canary' } }), anything);
    const secret = await store({ env: 'PBS_TOKEN' }, ruapehu);
    assert.throws(() => secret.revealTo('evil.example:443'), /is for ruapehu:8006/);
    assert.throws(() => secret.revealTo('ruapehu:443'), /is for ruapehu:8006/);
  });

  it('gives a bound secret to no other host, and does not even read it for one', () =>
    inFolder(async (folder) => {
      const file = await fileIn(folder, 'token', 'canary');
      const rules = { ...anything, bindings: [{ secret: { file }, hosts: ['ruapehu', 'pihanga:8007'] }] };
      const store = secretStore(settings(), rules);
      for (const audience of [ruapehu, 'ruapehu:443', 'pihanga:8007'])
        assert.equal((await store({ file }, audience)).revealTo(audience), 'canary');
      const strict = secretStore(settings(), rules);
      await rm(file);
      for (const audience of ['pihanga:8006', 'ruapehu.evil.example:8006', 'evil.example:8006'])
        await assert.rejects(strict({ file }, audience), /may go to ruapehu, pihanga:8007/);
    }));

  it('gives a bound secret to no other host by another way to it either', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'kept'), { mode: 0o700 });
      await symlink(join(folder, 'kept'), join(folder, 'link'));
      const file = await fileIn(join(folder, 'kept'), 'token', 'canary');
      const linked = join(folder, 'link', 'token');
      const env = { CREDENTIALS_DIRECTORY: join(folder, 'kept') };
      const ways = [{ file }, { file: linked }, { file: `/proc/self/root${file}` }, { systemd: 'token' }];
      for (const secret of [{ file }, { file: linked }, { systemd: 'token' }]) {
        const store = secretStore(settings({ env }), { ...anything, bindings: [{ secret, hosts: ['ruapehu'] }] });
        for (const way of ways) {
          await assert.rejects(store(way, 'evil.example:8006'), /may go to ruapehu/, JSON.stringify([secret, way]));
          assert.equal((await store(way, ruapehu)).revealTo(ruapehu), 'canary');
        }
        const free = await fileIn(join(folder, 'kept'), 'other', 'canary');
        assert.ok(await store({ file: free }, 'evil.example:8006'), 'what is not bound may go anywhere');
      }
    }));

  it('reads a secret once per run, and anew where it could not be had', () =>
    inFolder(async (folder) => {
      const store = secretStore(settings(), anything);
      const file = `${folder}/token`;
      await assert.rejects(store({ file }, ruapehu), /there is no file/);
      await fileIn(folder, 'token', 'canary-1');
      assert.equal((await store({ file }, ruapehu)).revealTo(ruapehu), 'canary-1');
      await fileIn(folder, 'token', 'canary-2');
      assert.equal((await store({ file }, 'other:1')).revealTo('other:1'), 'canary-1');
    }));

  it('knows what it handed out, so that logs can be kept clean of it', async () => {
    const store = secretStore(settings({ env: { A: 'canary-a', B: 'canary-b' } }), anything);
    await store({ env: 'A' }, ruapehu);
    const clean = redactor(store.known());
    assert.equal(clean('canary-a canary-b'), '[secret] canary-b');
  });
});
