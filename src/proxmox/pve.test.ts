import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { forKeeping } from '../values/secret.ts';
import type { Params } from './api.ts';
import { fakeApi, type Handler } from './fake-api.test-support.ts';
import { backupJobs, guests, nodes, startBackup, storageStatus } from './pve.ts';
import { createStorage, deleteStorage, storages, updateStorage } from './pve-storage.ts';

const answering = (data: unknown) => fakeApi('pve', () => ({ data }));

describe('storage entries', () => {
  const one = {
    storage: 'p1',
    type: 'pbs',
    content: 'backup',
    nodes: 'c,a,b',
    disable: '0',
    'prune-backups': 'keep-all=1',
  };
  const two = { storage: 'local', type: 'dir', content: 'iso,backup,vztmpl', path: '/var/lib/vz' };

  it('are the same in whatever order the server lists them and their sets', async () => {
    const there = await storages(answering([one, two]));
    const back = await storages(
      answering([
        { ...two, content: 'vztmpl,iso,backup' },
        { ...one, nodes: 'b,c,a' },
      ]),
    );
    const known = (list: typeof there) => list.map(({ raw: _, ...entry }) => entry);
    assert.deepEqual(known(back), known(there));
    assert.deepEqual(known(there)[1]?.nodes, ['a', 'b', 'c']);
    const changed = await storages(answering([one, { ...two, content: 'iso' }]));
    assert.notDeepEqual(known(changed), known(there));
  });

  it('are on all nodes where none is named, and keep fields that nobody knows', async () => {
    const [local] = await storages(answering([two]));
    assert.equal(local?.nodes, undefined);
    assert.equal(local?.raw.path, '/var/lib/vz');
  });

  it('that are no list are a fault, not an empty list', async () => {
    for (const data of [null, {}, 'x', [1], [{ type: 'pbs' }]])
      await assert.rejects(storages(answering(data)), { code: 'answer-not-understood' });
  });

  const writing = () => {
    const written: [string, string, Params][] = [];
    const handle: Handler = (verb, path, params) => {
      if (verb === 'get') return { data: { ...one, digest: 'now' } };
      written.push([verb, path, params]);
      return { data: { storage: 'p1', type: 'pbs', config: { 'encryption-key': '{"data":"k3y"}' } } };
    };
    return { api: fakeApi('pve', handle), written };
  };

  it('are changed with the digest of the file as it is now, or as the caller saw it', async () => {
    const { api, written } = writing();
    await updateStorage(api, 'p1', { set: { port: 8008 }, delete: ['nodes', 'disable'] });
    await updateStorage(api, 'p1', { set: {}, delete: [], digest: 'seen' });
    await deleteStorage(api, 'p1');
    assert.deepEqual(written, [
      ['put', '/storage/p1', { port: 8008, delete: 'nodes,disable', digest: 'now' }],
      ['put', '/storage/p1', { digest: 'seen' }],
      ['delete', '/storage/p1', {}],
    ]);
  });

  it('give a new encryption key out once, as a secret for the escrow', async () => {
    const { encryptionKey } = await createStorage(writing().api, { storage: 'p1', 'encryption-key': 'autogen' });
    assert.equal(encryptionKey?.revealTo(forKeeping), '{"data":"k3y"}');
    assert.ok(!inspect(encryptionKey).includes('k3y'));
    const { encryptionKey: none } = await createStorage(answering({ storage: 'p', config: {} }), {});
    assert.equal(none, undefined);
  });
});

describe('the state of a storage on a node', () => {
  it('has no sizes where it cannot be reached, although the server says zero', async () => {
    const silent = await storageStatus(answering({ active: 0, total: 0, used: 0, avail: 0, type: 'pbs' }), 'a', 'p1');
    assert.deepEqual(
      [silent.active, silent.enabled, silent.total, silent.available],
      [false, true, undefined, undefined],
    );
    const well = await storageStatus(
      answering({ active: '1', enabled: 1, total: '100', used: 40, avail: 60 }),
      'a',
      'p1',
    );
    assert.deepEqual([well.active, well.total, well.used, well.available], [true, 100, 40, 60]);
  });
});

describe('guests and nodes', () => {
  it('come sorted, each with its kind, tags and state', async () => {
    const found = await guests(
      answering([
        {
          id: 'lxc/200',
          vmid: '200',
          type: 'lxc',
          node: 'b',
          name: 'ct',
          status: 'running',
          tags: 'web;prod',
          template: 0,
        },
        { id: 'qemu/100', vmid: 100, type: 'qemu', node: 'a', template: 1 },
        { id: 'storage/x', vmid: 1, type: 'storage', node: 'a' },
      ]),
    );
    assert.deepEqual(
      found.map(({ vmid, kind, status, template, tags }) => [vmid, kind, status, template, tags]),
      [
        [100, 'qemu', 'unknown', true, []],
        [200, 'lxc', 'running', false, ['prod', 'web']],
      ],
    );
    const listed = await nodes(answering([{ node: 'b', status: 'online' }, { node: 'a' }]));
    assert.deepEqual(
      listed.map(({ node, status }) => [node, status]),
      [
        ['a', 'unknown'],
        ['b', 'online'],
      ],
    );
  });
});

describe('backup jobs', () => {
  it('say what they select, in each of the forms', async () => {
    const jobs = await backupJobs(
      answering([
        { id: 'e', vmid: '101,100', schedule: 'daily', enabled: '0' },
        { id: 'd', pool: 'drill', all: 1 },
        { id: 'c', exclude: '101' },
        { id: 'b', all: 1, exclude: '102,101', storage: 'p1' },
        { id: 'a', all: 1 },
      ]),
    );
    assert.deepEqual(
      jobs.map(({ id, enabled, storage, selection }) => [id, enabled, storage, selection]),
      [
        ['a', true, 'local', { kind: 'all', except: [] }],
        ['b', true, 'p1', { kind: 'all', except: ['101', '102'] }],
        ['c', true, 'local', { kind: 'all', except: ['101'] }],
        ['d', true, 'local', { kind: 'pool', pool: 'drill' }],
        ['e', false, 'local', { kind: 'guests', vmids: ['100', '101'] }],
      ],
    );
  });
});

describe('starting a backup', () => {
  const upid = 'UPID:a:00000001:00000002:697D0620:vzdump:100:holdfast@pve!ops:';

  it('gives the task, or says that none of the guests is on that node', async () => {
    const started = await startBackup(answering(upid), 'a', [100, 101]);
    assert.ok('started' in started);
    assert.equal(started.started.text, upid);
    assert.deepEqual(await startBackup(answering('OK'), 'a', [100]), { nothingToDo: true });
  });

  it('does not take anything else for a task', async () => {
    for (const data of ['ok', '', null, 'UPID:a'])
      await assert.rejects(startBackup(answering(data), 'a', [100]), { code: 'answer-not-understood' });
  });
});
