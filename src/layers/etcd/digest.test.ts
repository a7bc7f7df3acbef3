// A snapshot that passes, and what etcdctl says.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import { argvOf, faultOf, optionsOf } from './client.ts';
import { proved } from './digest.ts';
import { planSnapshots } from './plan.ts';
import { planRestore } from './restore-plan.ts';
import { etcdEntry } from './schema.ts';

const pages = Buffer.alloc(4096, 'a page ');
const whole = Buffer.concat([pages, createHash('sha256').update(pages).digest()]);

async function passed(dump: Buffer, size: number): Promise<Buffer> {
  const pieces = async function* () {
    for (let at = 0; at < dump.length; at += size) yield dump.subarray(at, at + size);
  };
  const all: Buffer[] = [];
  for await (const piece of proved(pieces(), 'here')) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

const fails = (dump: Buffer, code: string) =>
  assert.rejects(passed(dump, 1000), (error) => error instanceof Fault && error.code === code);

describe('a snapshot that passes', () => {
  it('is what it was, in pieces of any size', async () => {
    for (const size of [1, 31, 32, 33, 4096, 9999]) assert.ok((await passed(whole, size)).equals(whole));
  });

  it('is refused where it is cut off, filled up, or has another byte', async () => {
    await fails(whole.subarray(0, -40), 'dump-cut-short');
    await fails(Buffer.concat([whole, Buffer.from('x')]), 'dump-cut-short');
    await fails(Buffer.alloc(0), 'dump-cut-short');
    await fails(whole.subarray(0, 32), 'dump-cut-short');
    await fails(Buffer.alloc(whole.length), 'dump-damaged');
    const other = Buffer.from(whole);
    other[100] = 0;
    await fails(other, 'dump-damaged');
  });
});

const entry = etcdEntry.parse({
  ...{ name: 'cluster', kind: 'etcd', machine: 'node', workload: 'apps', to: '/mnt/b', keep: { keep_last: 3 } },
  server: { url: 'https://127.0.0.1:2379', user: 'root', password: { file: '/run/x' } },
});

describe('etcdctl', () => {
  it('never has the password among its words or in the environment of others', () => {
    const client = { entry, password: 'hidden' };
    assert.ok(!argvOf(client, ['snapshot', 'save', '/x']).some((word) => word.includes('hidden')));
    const { input, env } = optionsOf(client, new AbortController().signal);
    assert.equal(input, 'root:hidden');
    assert.ok(!JSON.stringify(env).includes('hidden'));
  });

  it('is told apart by its words, of which the last are the ones that count', () => {
    const code = (stderr: string) =>
      faultOf({ entry }, 'snapshot save', { exitCode: 1, signal: undefined, stdout: '', stderr }).code;
    const log = `${'{"level":"warn","msg":"retrying"}\n'.repeat(40)}`;
    assert.equal(code(`${log}Error: context deadline exceeded`), 'database-unreachable');
    assert.equal(
      code('Error: etcdserver: authentication failed, invalid user ID or password'),
      'database-login-refused',
    );
    assert.equal(
      code('Error: rpc error: code = PermissionDenied desc = etcdserver: permission denied'),
      'dump-not-allowed',
    );
    assert.equal(code('Error: something new'), 'dump-failed');
  });
});

describe('plans', () => {
  const context = { timeZone: 'UTC', now: '2026-01-01T00:00:00Z', layers: [] } as unknown as Parameters<
    typeof planRestore
  >[2];

  it('warn of Secrets in the clear, and do not where points are encrypted', () => {
    assert.match(
      planSnapshots(entry, context)
        .notes.map(({ says }) => says)
        .join(),
      /Secret/,
    );
    assert.deepEqual(planSnapshots({ ...entry, encrypt_to: ['age1x'] }, context).notes, []);
  });

  it('refuse what cannot be: a member of several, one that is older than the snapshot, a service that is not declared, a target that means nothing', () => {
    const taken = {
      name: 'snapshot',
      form: 'db',
      part: 'd01.db',
      compress: 'none',
      bytes: 1,
      sha256: 'a'.repeat(64),
      counts: {},
    };
    const point = {
      folder: '/p',
      machine: 'node',
      manifest: {
        ...{ id: 'x', layer: 'cluster' },
        details: { items: [taken], missing: [], server: { version: 'etcd 3.10.1' } },
      },
    };
    const codes = (target: string, more: object, scouted: object) =>
      planRestore({ ...entry, ...more }, { point, target } as unknown as Parameters<typeof planRestore>[1], context, {
        down: null,
        members: [],
        ...scouted,
      }).refusals.map(({ code }) => code);
    const served = { service: 'etcd', data: '/var/lib/etcd' };
    const members = ['a', 'b', 'c'].map((name) => ({ name, peer_urls: [`http://${name}:2380`] }));
    assert.deepEqual(codes('live', served, { members }), ['cluster-of-many']);
    assert.deepEqual(codes('live', {}, { members: members.slice(0, 1) }), ['service-not-declared']);
    assert.deepEqual(codes('live', { ...served, member: members[0] }, { down: 'it is silent' }), ['server-down']);
    for (const [version, refused] of [
      ['3.9.20', ['server-too-old']],
      ['3.10.0', []],
      ['3.11.0', []],
      ['4.0.0', []],
    ] as const)
      assert.deepEqual(codes('live', served, { version, members: members.slice(0, 1) }), refused, version);
    assert.deepEqual(codes('elsewhere', served, {}), ['target-unclear']);
    assert.deepEqual(codes('data/srv/new', {}, { members }), ['member-not-declared']);
    assert.deepEqual(codes('data/srv/new', {}, { members: members.slice(0, 1) }), []);
  });
});
