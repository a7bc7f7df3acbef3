// The contract of the port, run over every transport and every wrapper.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import { type ProxmoxApi, path } from './api.ts';
import { leapingClock } from './clock.test-support.ts';
import { hostileServer, makeCertificate } from './hostile-server.test-support.ts';
import { connect } from './http.ts';
import { limited } from './limited.ts';
import { throughPvesh } from './pvesh.ts';
import { alreadyExists, isNotFound, lacksPermission, ProxmoxRefusal } from './refusal.ts';
import { retrying } from './retrying.ts';
import { overHttps, overPvesh, type SmallPve, smallPve } from './small-pve.test-support.ts';

type Opened = Readonly<{ api: ProxmoxApi; pve: SmallPve }> & AsyncDisposable;
const certificate = makeCertificate();

async function https(): Promise<Opened> {
  const pve = smallPve();
  const server = await hostileServer(certificate, overHttps(pve));
  const secret = new Secret('token', 'f00dcafe', server.audience);
  const auth = { kind: 'token', id: 'holdfast@pve!ops', secret } as const;
  const { url } = server;
  const api = connect({ product: 'pve', name: 'lab', url, trust: certificate, auth, clock: systemClock });
  const dispose = async () => {
    await api[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return { api, pve, [Symbol.asyncDispose]: dispose };
}

async function pvesh(): Promise<Opened> {
  const pve = smallPve();
  return { api: throughPvesh('lab', overPvesh(pve)), pve, [Symbol.asyncDispose]: async () => undefined };
}

async function wrapped(): Promise<Opened> {
  const opened = await https();
  return { ...opened, api: limited(retrying(opened.api, leapingClock())) };
}

const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => assert.fail('a refusal was expected'),
    (error: unknown) => error,
  );

for (const [how, open] of Object.entries({ https, pvesh, 'https, limited and retrying': wrapped }))
  describe(`a PVE over ${how}`, () => {
    it('keeps what is created, changed and deleted', async () => {
      await using opened = await open();
      const { api, pve } = opened;
      await api.post(path`/storage`, {
        type: 'pbs',
        storage: 'p1',
        server: 'h.example',
        'prune-backups': 'keep-last=3',
      });
      assert.deepEqual((await api.get(path`/storage/${'p1'}`)).data, {
        ...{ type: 'pbs', storage: 'p1', server: 'h.example', 'prune-backups': 'keep-last=3' },
      });
      assert.equal(
        (await api.put(path`/storage/${'p1'}`, { disable: true, port: 8008, comment: '-x = "ü"' })).data,
        null,
      );
      assert.deepEqual(pve.storages.get('p1')?.disable, '1');
      assert.deepEqual(pve.storages.get('p1')?.port, '8008');
      assert.deepEqual(pve.storages.get('p1')?.comment, '-x = "ü"');
      await api.delete(path`/storage/${'p1'}`);
      assert.deepEqual((await api.get(path`/storage`)).data, []);
    });

    it('recognises that something is not there, by any verb', async () => {
      await using opened = await open();
      const { api } = opened;
      for (const verb of ['get', 'put', 'delete'] as const) {
        const refusal = await refusalOf(api[verb](path`/storage/${'nope'}`));
        assert.ok(isNotFound(refusal), `${verb}: ${String(refusal)}`);
        assert.match(refusal.where, /^lab \(.*\), (GET|PUT|DELETE) \/storage\/nope$/);
      }
    });

    it('recognises that something is there already', async () => {
      await using opened = await open();
      const { api } = opened;
      await api.post(path`/storage`, { type: 'pbs', storage: 'p1' });
      assert.ok(alreadyExists(await refusalOf(api.post(path`/storage`, { type: 'pbs', storage: 'p1' }))));
    });

    it('names the parameter that was refused, and why', async () => {
      await using opened = await open();
      const refusal = await refusalOf(opened.api.post(path`/storage`, { storage: 'p' }));
      assert.ok(refusal instanceof ProxmoxRefusal);
      assert.equal(refusal.code, 'parameter-refused');
      assert.equal(refusal.status, 400);
      assert.deepEqual(refusal.errors, {
        storage: "invalid format - storage ID 'p' cannot be shorter than 2 characters",
      });
    });

    it('says which right is missing', async () => {
      await using opened = await open();
      const refusal = await refusalOf(opened.api.post(path`/storage`, { storage: 'forbidden' }));
      assert.ok(lacksPermission(refusal));
      assert.deepEqual(refusal.needs, { path: '/storage', privileges: ['Datastore.Allocate'] });
    });

    it('does not even start where the caller has given up', async () => {
      await using opened = await open();
      const signal = AbortSignal.abort(new Error('Ctrl-C'));
      await assert.rejects(opened.api.post(path`/storage`, { storage: 'p1' }, { signal }), /Ctrl-C/);
      assert.equal(opened.pve.storages.size, 0);
    });
  });
