// A storage entry before and after what it needs on its PBS is there: an API with what is there stands in for the PBS.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { fakeApi } from '../proxmox/fake-api.test-support.ts';
import { parseFingerprint } from '../values/fingerprint.ts';
import { instantAt, systemClock } from '../values/instant.ts';
import type { Made, Ports, StorageAsked } from './asked.ts';
import { backupTo, lookAtStorage } from './look-storage.ts';
import { nothingMade } from './made-by-apply.ts';

const pinned = parseFingerprint(Array(32).fill('AA').join(':'));
const all: Made = { login: true, datastore: true, namespace: true, may: () => new Set(['Datastore.Backup']) };
const storage: StorageAsked = {
  ...{
    name: 'attic',
    datastore: 'tank',
    namespace: 'ruapehu',
    username: 'backup@pbs!pve',
    secret: { file: '/x' },
    prunes: false,
  },
  ...{ enabled: true, nodes: [], on: ['ruapehu'], made: all, beside: [] },
  way: { product: 'pbs', host: '10.0.0.1', port: 8007, pinned },
};

type Pbs = Readonly<{
  stores?: readonly string[];
  namespaces?: readonly string[];
  held?: Readonly<Record<string, readonly string[]>>;
  refuses?: Fault;
}>;

async function seenIn(asked: Partial<StorageAsked>, { stores = ['tank'], namespaces = [], held = {}, refuses }: Pbs) {
  const rightsOn = (path: string) => Object.fromEntries((held[path] ?? []).map((one) => [one, true]));
  const api = fakeApi('pbs', (_, path, params) => {
    if (path === '/admin/datastore') return { data: stores.map((store) => ({ store })) };
    if (path === '/admin/datastore/tank/namespace') return { data: ['', ...namespaces].map((ns) => ({ ns })) };
    if (path === '/access/acl') return { data: [] };
    assert.equal(path, '/access/permissions');
    const wanted = params['path'] === undefined ? Object.keys(held) : [String(params['path'])];
    return { data: Object.fromEntries(wanted.map((one) => [one, rightsOn(one)])) };
  });
  const certificate = {
    ...{ fingerprint: pinned ?? assert.fail(), subject: '', issuer: '', names: [] },
    ...{ from: instantAt(0), until: instantAt(Date.UTC(2100, 0)) },
  };
  const ports: Ports = {
    clock: systemClock,
    reach: {
      lookUp: async (host) => ({ addresses: [host] }),
      knock: async () => ({ kind: 'served', certificate }),
      verdict: async () => undefined,
    },
    open: async () => {
      if (refuses !== undefined) throw refuses;
      return { ...api, [Symbol.asyncDispose]: async () => undefined };
    },
    pvesh: () => assert.fail('no node is asked'),
    secret: () => assert.fail('no secret is opened here'),
  };
  const { checks } = await lookAtStorage({ ...storage, ...asked }, ports, async () => []);
  return checks.filter(
    ({ check, state }) => !['DNS', 'port', 'TLS', 'certificate'].includes(check) && state !== 'good',
  );
}
const said = async (asked: Partial<StorageAsked>, pbs: Pbs): Promise<readonly string[]> =>
  (await seenIn(asked, pbs)).map(({ check, state }) => `${check} ${state}`);
const fault = (code: string) => new Fault(code, { where: 'x', says: 'as seen', remedy: 'as told' });
const backup = { '/datastore/tank': ['Datastore.Backup'], '/datastore/tank/ruapehu': ['Datastore.Backup'] };
const here = { '/datastore/tank/ruapehu': ['Datastore.Backup'] };

describe('a storage whose login, datastore, namespace or right the estate makes', () => {
  it('is not wrong because they are not there yet', async () => {
    assert.deepEqual(await said({}, { refuses: fault('secret-missing') }), ['login warning']);
    assert.deepEqual(await said({}, { stores: [], held: backup }), ['datastore warning']);
    assert.deepEqual(await said({}, { stores: [] }), ['datastore warning']);
    assert.deepEqual(await said({}, { held: here }), ['namespace warning']);
    assert.deepEqual(await said({}, { namespaces: ['ruapehu'] }), ['privileges warning']);
  });

  it('is wrong where the estate makes none of it (control)', async () => {
    const made = nothingMade;
    assert.deepEqual(await said({ made }, { refuses: fault('secret-missing') }), ['login wrong']);
    assert.deepEqual(await said({ made }, { stores: [], held: backup }), ['datastore wrong']);
    assert.deepEqual(await said({ made }, { held: here }), ['namespace wrong']);
    assert.deepEqual(await said({ made }, { namespaces: ['ruapehu'] }), ['privileges wrong']);
  });

  it('is wrong where what the estate makes would not do', async () => {
    const made = { ...all, may: () => new Set<string>() };
    assert.deepEqual(await said({ made }, { namespaces: ['ruapehu'] }), ['privileges wrong']);
    assert.deepEqual(await said({ made }, { stores: [] }), ['datastore wrong']);
    const [refused] = await seenIn({}, { refuses: fault('credentials-refused') });
    assert.equal(refused?.state, 'wrong');
    assert.match(refused?.remedy ?? '', /^where it is not there yet, `holdfast apply` makes it.*; else see whether/);
    assert.deepEqual(await said({}, { refuses: fault('secret-exposed') }), ['login wrong']);
  });

  it('is told to narrow in the estate what the estate gives, not on the server, where it would come back', async () => {
    const [given] = await seenIn({}, { namespaces: ['ruapehu'], held: backup });
    assert.match(given?.remedy ?? '', /^the estate gives it: narrow the `path`/);
    const [foreign] = await seenIn({ made: nothingMade }, { namespaces: ['ruapehu'], held: backup });
    assert.match(foreign?.remedy ?? '', /acl update \/datastore\/tank ROLE .*--delete true/);
  });
});

describe('a login that several storages share', () => {
  const pihanga = backupTo({ datastore: 'tank', namespace: 'pihanga', prunes: false });
  const root = backupTo({ datastore: 'tank', namespace: '', prunes: false });
  const asked = { made: nothingMade, beside: [pihanga] };

  it('keeps what the others need when it is told what it has too much', async () => {
    const [check] = await seenIn(asked, { namespaces: ['ruapehu'], held: backup });
    assert.match(
      check?.remedy ?? '',
      /acl update \/datastore\/tank\/pihanga DatastoreBackup --auth-id 'backup@pbs!pve'/,
    );
  });

  it('has nothing too much that one of the others needs', async () => {
    assert.deepEqual(await said({ ...asked, beside: [root] }, { namespaces: ['ruapehu'], held: backup }), []);
  });
});
