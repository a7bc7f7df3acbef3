import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unreachableWorld } from '../../test/unreachable-world.ts';
import type { Desired, ResourceKind } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import { readingOf } from '../model/observed.ts';
import { path } from '../proxmox/api.ts';
import { steppedClock } from '../proxmox/clock.test-support.ts';
import { fakeApi, refused } from '../proxmox/fake-api.test-support.ts';
import type { Ref } from '../values/ref.ts';
import { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { observe } from './observe.ts';
import { secretsNow } from './secrets-now.ts';

/** Servers by name; `asked` are the requests they got, and secrets lie in `files`. */
function worldWith(files: Readonly<Record<string, string>> = {}, versions: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const api = (name: string) =>
    fakeApi('pbs', (_, at) => {
      asked.push(`${name} ${at}`);
      if (name === 'closed') throw refused('pbs', 403, 'permission check failed');
      if (at === '/version') return { data: { version: versions[name] ?? '4.1', release: '0' } };
      return { data: [{ id: 'one' }, { id: 'another' }] };
    });
  const world: World = {
    ...unreachableWorld(steppedClock()),
    server: async (name) => {
      if (name === 'down')
        throw new Fault('server-unreachable', { where: name, says: 'nobody answers', remedy: 'start it' });
      return api(name);
    },
    secret: async (reference, audience) => {
      const value = files[(reference as { file: string }).file];
      if (value === 'locked')
        throw new Fault('secret-exposed', { where: 'file', says: 'others may read it', remedy: 'chmod' });
      if (value === undefined)
        throw new Fault('secret-missing', { where: 'file', says: 'there is no such file', remedy: 'write it' });
      return new Secret('file', value, audience);
    },
    keyedDigest: async (secret) => secret.keyedDigest(Buffer.from('key')),
  };
  return { world, asked };
}

const kind = (name: string, at = path`/list`, more: Partial<ResourceKind> = {}) =>
  ({
    ...{ name, title: name, product: 'pbs', after: [], configFile: 'x', stepKinds: [] },
    read: async (api: Parameters<ResourceKind['read']>[0], options: Parameters<ResourceKind['read']>[1]) => {
      const { data } = await api.get(at, options.within.length === 0 ? {} : { within: options.within }, options);
      return { found: (data as { id: string }[]).map(({ id }) => ({ name: id, value: {} })) };
    },
    ...more,
  }) as unknown as ResourceKind;

const desiredOf = (...declared: readonly object[]): Desired => ({
  digest: 'd',
  declared: declared.map((one) => ({ name: 'one', item: {}, secrets: {}, place: '', notes: [], ...one })) as never,
});
const owning = (...refs: string[]) => new Set(refs as Ref[]);

describe('what is looked at', () => {
  const resources = [kind('user', path`/users`), kind('token', path`/users`), kind('remote', path`/remotes`)];

  it('are the collections in which something is declared or owned, and no others', async () => {
    const { world, asked } = worldWith();
    const desired = desiredOf({ kind: 'user', server: 'a' });
    const observed = await observe(world, { resources, desired, owned: owning('remote/b/one') });
    assert.deepEqual(asked.sort(), ['a /users', 'b /remotes']);
    assert.deepEqual(
      observed.readings.map(({ kind: one, server }) => `${one} ${server}`),
      ['user a', 'remote b'],
    );
  });

  it('is asked for once where two kinds read the same, and both have it', async () => {
    const { world, asked } = worldWith();
    const desired = desiredOf({ kind: 'user', server: 'a' }, { kind: 'token', server: 'a' });
    const observed = await observe(world, { resources, desired, owned: owning() });
    assert.deepEqual(asked, ['a /users']);
    for (const name of ['user', 'token']) {
      const answer = readingOf(observed, name, 'a')?.answer;
      assert.deepEqual(answer, {
        found: [
          { name: 'another', value: {} },
          { name: 'one', value: {} },
        ],
      });
    }
    await observe(world, { resources, desired, owned: owning() });
    assert.equal(asked.length, 2, 'the next look asks anew');
  });

  it('goes on where one server does not answer and another refuses: that is said of those alone', async () => {
    const { world } = worldWith();
    const servers = ['a', 'closed', 'down'].map((server) => ({ kind: 'user', server }));
    const observed = await observe(world, { resources, desired: desiredOf(...servers), owned: owning() });
    const codes = observed.readings.map(({ server, answer }) => [
      server,
      'fault' in answer ? answer.fault.code : 'read',
    ]);
    assert.deepEqual(codes, [
      ['a', 'read'],
      ['closed', 'permission-missing'],
      ['down', 'server-unreachable'],
    ]);
  });

  it('ends at once when it is stopped, and is no reading then', async () => {
    const { world } = worldWith();
    const signal = AbortSignal.abort(new Error('stopped'));
    const desired = desiredOf({ kind: 'user', server: 'a' });
    await assert.rejects(observe(world, { resources, desired, owned: owning(), signal }), /stopped/);
  });

  it('is each datastore that is declared in or owned in, where each has a list of its own', async () => {
    const withins: (readonly string[])[] = [];
    const space = kind('space', path`/x`, {
      within: 'pbs-datastore',
      read: async (_, { within }) => {
        withins.push(within);
        return { found: [] };
      },
    });
    const { world } = worldWith();
    const look = { resources: [space], owned: owning('space/a/old%2Fprod', 'space/a/tank%2Fx', 'space/other/b%2Fx') };
    const places = [{ within: 'tank' }, { within: 'archive' }].map((one) => ({ kind: 'space', server: 'a', ...one }));
    await observe(world, { ...look, desired: desiredOf(...places) });
    assert.deepEqual(withins, [['archive', 'old', 'tank'], ['b']]);
    await observe(world, { ...look, desired: desiredOf() });
    assert.deepEqual(withins.slice(2), [['old', 'tank'], ['b']], 'also where nothing is declared any more');
  });
});

describe('what a server can do', () => {
  const asking = kind('new', path`/list`, { features: (item) => (item['fancy'] === true ? ['s3-datastores'] : []) });

  it('is asked of those alone on which something is declared that not every version has', async () => {
    const { world, asked } = worldWith({}, { a: '3.4', b: '4.1' });
    const desired = desiredOf(
      { kind: 'new', server: 'a', item: { fancy: true } },
      { kind: 'new', server: 'b', item: { fancy: false } },
    );
    const { versions } = await observe(world, { resources: [asking], desired, owned: owning() });
    assert.deepEqual(
      asked.filter((one) => one.endsWith('/version')),
      ['a /version'],
    );
    assert.match(versions.get('a')?.text ?? '', /^Proxmox Backup Server 3\.4/);
    assert.equal(versions.get('a')?.features.has('s3-datastores'), false);
    assert.equal(versions.has('b'), false);
  });

  it('is asked where the kind itself is not in every version', async () => {
    const { world } = worldWith({}, { a: '4.1' });
    const desired = desiredOf({ kind: 'all-new', server: 'a' });
    const { versions } = await observe(world, {
      resources: [kind('all-new', path`/list`, { feature: 's3-datastores' })],
      desired,
      owned: owning(),
    });
    assert.equal(versions.get('a')?.features.has('s3-datastores'), true);
  });

  it('is unknown where the server does not answer, which its readings say', async () => {
    const { world } = worldWith();
    const desired = desiredOf({ kind: 'new', server: 'down', item: { fancy: true } });
    const { versions, readings } = await observe(world, { resources: [asking], desired, owned: owning() });
    assert.equal(versions.size, 0);
    assert.ok('fault' in (readings[0]?.answer ?? {}));
  });
});

describe('what is known of secrets', () => {
  const at = (file: string): SecretReference => ({ file });
  const digestOf = (value: string) => new Secret('x', value, 'x').keyedDigest(Buffer.from('key'));
  const subject = 'storage/a/one' as Ref;
  const now = async (
    declared: object,
    files: Readonly<Record<string, string>>,
    wrote: Readonly<Record<string, string>>,
  ) => {
    const { world } = worldWith(files);
    const all = await secretsNow(
      world,
      desiredOf({ kind: 'storage', server: 'a', ...declared }),
      new Map([[subject, wrote]]),
    );
    return all.get(subject);
  };

  it('is whether they are those that were last written', async () => {
    const declared = { secrets: { password: at('p'), token: at('t'), never: at('n') } };
    const known = await now(
      declared,
      { p: 'same', t: 'new', n: 'x' },
      { password: digestOf('same'), token: digestOf('old') },
    );
    assert.deepEqual([known?.changed, known?.unknown, known?.unsaved, known?.unread], [['token'], ['never'], [], []]);
    assert.doesNotMatch(JSON.stringify(known), /same|new|old/);
  });

  it('is why one cannot be opened, instead of a guess', async () => {
    const declared = { secrets: { password: at('p'), token: at('t') } };
    const known = await now(declared, { t: 'locked' }, { password: digestOf('x'), token: digestOf('x') });
    assert.deepEqual(known?.changed, []);
    assert.deepEqual(known?.unread, [
      { parameter: 'password', says: 'there is no such file' },
      { parameter: 'token', says: 'others may read it' },
    ]);
  });

  it('is which of those that the server made never reached its file', async () => {
    assert.deepEqual((await now({ saves: { value: at('v') } }, {}, {}))?.unsaved, ['value']);
    assert.deepEqual((await now({ saves: { value: at('v') } }, { v: 'there' }, {}))?.unsaved, []);
    const locked = await now({ saves: { value: at('v') } }, { v: 'locked' }, {});
    assert.deepEqual([locked?.unsaved, locked?.unread.length], [[], 1], 'a file that cannot be read is not a lost one');
  });

  it('is the fingerprint of an encryption key, and where one that was made has gone', async () => {
    const key = JSON.stringify({ kdf: null, data: Buffer.alloc(32).toString('base64') });
    const there = await now({ makes: { 'encryption-key': at('k') } }, { k: key }, {});
    assert.match(there?.keys?.['encryption-key'] ?? '', /^([0-9a-f]{2}:){31}[0-9a-f]{2}$/);
    const lost = await now({ makes: { 'encryption-key': at('k') } }, {}, {});
    assert.match(lost?.unread[0]?.says ?? '', /file k is not there/);
    const unusable = await now({ secrets: { 'encryption-key': at('k') } }, { k: 'no key at all' }, {});
    assert.deepEqual(unusable?.keys, {});
  });

  it('is nothing where nothing secret is declared: no file is opened', async () =>
    assert.equal(await now({}, {}, {}), undefined));
});
