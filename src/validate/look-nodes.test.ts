// What the nodes say, through pvesh on a node: an API with state stands in for it, and nothing is contacted over a network.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { fakeApi, refused } from '../proxmox/fake-api.test-support.ts';
import { parseFingerprint } from '../values/fingerprint.ts';
import { systemClock } from '../values/instant.ts';
import type { Ports, StorageAsked } from './asked.ts';
import { nothingMade } from './made-by-apply.ts';
import { validateAll } from './validate.ts';

const storage: StorageAsked = {
  ...{ name: 'tank', datastore: 'tank', namespace: '', username: 'root@pam', secret: undefined, prunes: false },
  ...{ enabled: true, nodes: [], on: ['ruapehu'], made: nothingMade, beside: [] },
  way: { product: 'pbs', host: 'pbs.example', port: 8007, pinned: parseFingerprint(Array(32).fill('AA').join(':')) },
};
const entry = {
  storage: 'tank',
  type: 'pbs',
  server: 'pbs.example',
  datastore: 'tank',
  fingerprint: storage.way.pinned ?? '',
};

type World = Readonly<{
  nodes?: readonly Readonly<{ node: string; status: string }>[];
  entries?: readonly Readonly<Record<string, string | number>>[];
  active?: number;
  refuses?: string;
}>;

async function nodesOf(asked: Partial<StorageAsked>, { nodes, entries = [entry], active = 1, refuses }: World) {
  const api = fakeApi('pve', (verb, path) => {
    assert.equal(verb, 'get');
    if (path === '/version') return { data: { version: '9.1.2' } };
    if (path === '/nodes') return { data: nodes ?? [{ node: 'ruapehu', status: 'online' }] };
    if (path === '/storage') return { data: entries };
    if (refuses !== undefined) throw refused('pve', 403, refuses);
    return { data: { active, enabled: 1, total: 0, used: 0, avail: 0 } };
  });
  const ports: Ports = {
    clock: systemClock,
    reach: {
      lookUp: async () => ({ failed: 'the name is not known' }),
      knock: () => assert.fail('nothing was found to knock at'),
      verdict: () => assert.fail('nobody to judge'),
    },
    open: () => assert.fail('no login belongs here'),
    secret: () => assert.fail('no secret belongs here'),
    pvesh: async () => ({ ...api, [Symbol.asyncDispose]: async () => undefined }),
  };
  const server = {
    product: 'pve',
    name: 'ruapehu',
    url: 'pvesh:/usr/bin/pvesh',
    way: undefined,
    logins: [],
    things: [],
  } as const;
  const seen = await validateAll({ servers: [server], storages: [{ ...storage, ...asked }], scan: true }, ports);
  return (seen.storages[0]?.checks ?? []).filter(({ check }) => check === 'node' || check === 'scan');
}
const states = async (...given: Parameters<typeof nodesOf>) =>
  (await nodesOf(...given)).map(({ state, from, seen }) => `${state} ${from}: ${seen}`);

describe('what a node says of a storage', () => {
  it('is asked of every node it is for, whatever can be seen from here', async () => {
    const nodes = ['a', 'b', 'c'].map((node) => ({ node, status: 'online' }));
    assert.deepEqual(
      await states({}, { nodes }),
      ['a', 'b', 'c'].map((node) => `good ruapehu/${node}: it is active there`),
    );
    assert.deepEqual(await states({ nodes: ['b'] }, { nodes }), ['good ruapehu/b: it is active there']);
  });

  it('that cannot reach it is a failure with the commands to type there', async () => {
    const [check] = await nodesOf({}, { active: 0 });
    assert.equal(check?.state, 'unreachable');
    assert.match(
      check?.remedy ?? '',
      /pvesm status --storage tank.*getent hosts pbs\.example.*nc -zv pbs\.example 8007/,
    );
  });

  it('says that PVE holds another one than declared', async () => {
    const [said] = await states({ datastore: 'attic' }, {});
    assert.match(said ?? '', /^good .*active there, as PVE holds it now \(another datastore than declared\)/);
  });

  it('is no failure where it is switched off there, or not on that node yet, or not made', async () => {
    assert.match((await states({}, { entries: [{ ...entry, disable: 1 }] })).join(), /^skipped .*switched off on PVE/);
    assert.match(
      (await states({}, { entries: [{ ...entry, nodes: 'other' }] })).join(),
      /^skipped .*does not have it on this node yet/,
    );
    assert.match((await states({}, { entries: [] })).join(), /^skipped .*cannot be tried without a password/);
  });

  it('is a failure where the node is down, and a warning where there is no such node', async () => {
    assert.match(
      (await states({}, { nodes: [{ node: 'a', status: 'offline' }] })).join(),
      /^unreachable ruapehu\/a: the node is offline/,
    );
    assert.match((await states({ nodes: ['nope'] }, {})).join(), /^warning ruapehu: it names the node nope/);
  });

  it('that may not be asked names the right that is missing', async () => {
    const [check] = await nodesOf({}, { refuses: 'Permission check failed (/storage/tank, Datastore.Audit)' });
    assert.equal(check?.state, 'wrong');
    assert.match(check?.remedy ?? '', /Datastore\.Audit on \/storage\/tank/);
  });

  it('is not asked of a server that cannot be asked itself, and that is told once, with the server', async () => {
    assert.match((await states({ on: ['elsewhere'] }, {})).join(), /^skipped elsewhere: elsewhere could not be asked/);
    const dead: Ports['pvesh'] = async () => {
      throw new Fault('server-slow', { where: 'x', says: 'pvesh was killed', remedy: 'look' });
    };
    const ports = { clock: systemClock, pvesh: dead } as unknown as Ports;
    const server = { product: 'pve', name: 'ruapehu', url: '', way: undefined, logins: [], things: [] } as const;
    const { servers } = await validateAll({ servers: [server], storages: [], scan: false }, ports);
    assert.deepEqual(
      servers.map(({ verdict }) => verdict),
      ['not reachable'],
    );
  });
});
