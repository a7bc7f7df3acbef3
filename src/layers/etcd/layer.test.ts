// What an operator is promised of what a real etcd holds; etcdctl is asked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../fault.ts';
import { localMachine } from '../../machines/local.ts';
import type { Machine } from '../../machines/machine.ts';
import { systemClock } from '../../values/instant.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { type PlaceOfDumps, placeOfDumps } from '../common/dumps/place-of-dumps.test-support.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { etcd } from './layer.ts';
import { cannotServeEtcd, type EtcdTestServer, startEtcd } from './server.test-support.ts';

const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const password = `it's a "pass": $(x)`;

describe('what an etcd holds', { skip: cannotServeEtcd() }, () => {
  let server: EtcdTestServer;
  const keys = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`/registry/secrets/${at}`, `value ${at}`]));
  const within = async (
    work: (place: PlaceOfDumps) => Promise<void>,
    more: Record<string, unknown> = {},
    of = server,
  ) => {
    const staging = join(of.folder, 'staging');
    mkdirSync(staging, { recursive: true });
    const entry = { server: { url: of.url }, service: of.service, data: of.data, staging, owner: 'etcd', ...more };
    const place = placeOfDumps({ layer: etcd, password, entry, also: [of.data, staging] });
    try {
      await work(place);
      assert.deepEqual(place.left(), []);
      assert.deepEqual(readdirSync(staging), []);
    } finally {
      place.close();
    }
  };

  before(async () => {
    server = await startEtcd();
    server.put({ ...keys, 'näme "with" $(x)': 'it' });
    server.ctl('del', '/registry/secrets/7');
  });
  after(() => server.close());

  it('is dumped whole, with its digest, and counted at the revision that was dumped (reality 1.8a)', () =>
    within(async (place) => {
      assert.deepEqual((await place.protect('run1')).degraded, []);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const [taken] = takenIn(point.manifest);
      assert.equal(taken?.counts['keys'], 300);
      assert.ok((taken?.counts['revision'] ?? 0) > 1 && (taken?.counts['entries'] ?? 0) > 300);
      const dump = zstdDecompressSync(readFileSync(join(point.folder, taken?.part ?? '')));
      assert.deepEqual(createHash('sha256').update(dump.subarray(0, -32)).digest(), dump.subarray(-32));
      assert.match(
        place
          .notes()
          .map(({ says }) => says)
          .join(),
        /Secret .* in the clear/,
      );
    }));

  it('that changes and keeps its size is told from one that stays as it is', () =>
    within(async (place) => {
      const contents: (string | undefined)[] = [];
      for (const [run, value] of [
        ['run1', 'a'],
        ['run2', 'b'],
        ['run3', undefined],
      ] as const) {
        if (value !== undefined) server.put({ 'of one size': value });
        await place.protect(run);
        const point = (await place.points()).at(-1);
        contents.push(point && takenIn(point.manifest)[0]?.content);
      }
      assert.notEqual(contents[0], contents[1]);
      assert.equal(contents[1], contents[2]);
      assert.ok(contents[2] !== undefined);
      server.ctl('del', 'of one size');
    }));

  it('is counted, too, where the last key was deleted and compacted away; and comes back', () =>
    within(async (place) => {
      server.put({ 'the last': 'x' });
      server.ctl('del', 'the last');
      const { revision } = JSON.parse(server.ctl('get', 'x', '--write-out=json')).header;
      server.ctl('compact', '--physical', String(revision));
      assert.deepEqual((await place.protect('run1')).degraded, []);
      const [point] = await place.points();
      assert.deepEqual(point && takenIn(point.manifest).map(({ counts }) => [counts['keys'], counts['revision']]), [
        [300, revision],
      ]);
      const good = server.ctl('get', '', '--from-key');
      server.ctl('del', '', '--from-key');
      await place.restore('run2', {});
      assert.equal(server.ctl('get', '', '--from-key'), good);
    }));

  it('is not waited for without an end where the member is killed before it has sent anything', {
    timeout: 120_000,
  }, async () => {
    const dying = await startEtcd();
    const real = localMachine({ name: 'here', clock: systemClock });
    const over: Partial<Machine> = {
      run: (argv, options) => {
        if (argv.includes('save')) dying.kill();
        return real.run(argv, options);
      },
    };
    const entry = { server: { url: dying.url }, staging: dying.folder };
    const place = placeOfDumps({ layer: etcd, entry, over, also: [dying.folder] });
    try {
      const [fault] = Object.values((await place.protect('run1')).failed);
      assert.match(fault?.says ?? '', /database-unreachable/);
      assert.deepEqual(await place.points(), []);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
      dying.close();
    }
  });

  it('becomes a new data folder, on which a member starts with all keys', () =>
    within(async (place) => {
      await place.protect('run1');
      const target = join(place.folder, 'new');
      await place.restore('run2', { target: `data${target}` });
      assert.equal(statSync(join(target, 'member')).uid, statSync(server.data).uid);
      execFileSync('chmod', ['o+x', place.folder]);
      const other = await startEtcd(target);
      try {
        const [mine, theirs] = [server, other].map((one) => one.ctl('get', '', '--from-key'));
        assert.equal(theirs, mine);
      } finally {
        other.close();
      }
    }));

  it('comes back as a file that etcdctl reads', () =>
    within(async (place) => {
      await place.protect('run1');
      const target = join(place.folder, 'back');
      await place.restore('run2', { target });
      assert.deepEqual(readdirSync(target), ['snapshot.db']);
      assert.match(
        execFileSync('etcdctl', ['snapshot', 'status', join(target, 'snapshot.db')], {
          ...{ encoding: 'utf8', env: { ...process.env, ETCDCTL_API: '3' } },
        }),
        /\w/,
      );
    }));

  it('comes back in place; what is there becomes a point that is held (reality 4.11)', () =>
    within(async (place) => {
      await place.protect('run1');
      const good = server.ctl('get', '', '--from-key');
      server.ctl('del', '', '--from-key');
      server.put({ bad: 'x' });
      await place.restore('run2', {});
      assert.equal(server.ctl('get', '', '--from-key'), good);
      assert.equal(statSync(join(server.data, 'member')).uid, statSync(server.data).uid);
      const held = (await place.points()).find((one) => one.held !== undefined);
      assert.deepEqual(held && takenIn(held.manifest).map(({ counts }) => counts['keys']), [1]);
    }));

  it('is as before where a restore fails at its last check; and comes back to a server that is down, where its files are kept', () =>
    within(
      async (place) => {
        await place.protect('run1');
        server.put({ since: 'then' });
        const now = server.ctl('get', '', '--from-key');
        await assert.rejects(
          place.restore(
            'run2',
            {},
            {
              at: (moment) => {
                if (moment === 'compare begins') throw new Error('it fails here');
              },
            },
          ),
          /it fails here/,
        );
        assert.equal(server.ctl('get', '', '--from-key'), now);
        server.stop();
        await place.restore('run4', { keepOld: true });
        assert.doesNotMatch(server.ctl('get', '', '--from-key'), /since/);
        assert.ok(existsSync(join(server.data, 'before-run4', 'member')));
      },
      { member: { name: 'one', peer_urls: [server.peer] } },
    ));

  it('is not taken by a login that is refused or not allowed, nor from a server that is killed or down: each by its name', async () => {
    const guarded = await startEtcd();
    try {
      guarded.put({ one: '1' });
      for (const [user, role] of [
        ['root', 'root'],
        ['reader', 'reads'],
      ] as const) {
        guarded.ctl('role', 'add', role);
        guarded.ctl('user', 'add', user, `--new-user-password=${password}`);
        guarded.ctl('user', 'grant-role', user, role);
      }
      guarded.ctl('role', 'grant-permission', 'reads', 'read', '', '--from-key');
      guarded.ctl('auth', 'enable');
      const as = (user: string, file = '/run/etcd') => ({ server: { url: guarded.url, user, password: { file } } });
      await within(async (place) => assert.deepEqual((await place.protect('run1')).degraded, []), as('root'), guarded);
      await within(
        async (place) => {
          const [fault] = Object.values((await place.protect('run1')).failed);
          assert.match(fault?.says ?? '', /dump-not-allowed/);
          assert.deepEqual(await place.points(), []);
        },
        as('reader'),
        guarded,
      );
      await within(
        async (place) => assert.rejects(place.protect('run1'), isFault('database-login-refused')),
        as('root', '/run/wrong'),
        guarded,
      );
      await within(
        async (place) => {
          const out = await place.protect('run1', {
            at: (moment) => {
              if (moment === 'look>dump begins') guarded.kill();
            },
          });
          const [fault] = Object.values(out.failed);
          assert.equal(fault?.code, 'nothing-dumped');
          assert.match(fault?.says ?? '', /database-unreachable/);
          assert.deepEqual(await place.points(), []);
          await assert.rejects(place.protect('run2'), isFault('database-unreachable'));
        },
        as('root'),
        guarded,
      );
    } finally {
      guarded.close();
    }
  });

  it('comes back with the passwords of its day: to whoever logs in with those, and else what was there is led back', async () => {
    const guarded = await startEtcd();
    try {
      guarded.put({ one: '1' });
      guarded.ctl('role', 'add', 'root');
      guarded.ctl('user', 'add', 'root', `--new-user-password=${password}`);
      guarded.ctl('user', 'grant-role', 'root', 'root');
      guarded.ctl('auth', 'enable');
      const as = (file: string) => ({ user: 'root', password: { file } });
      const earlier = { server: { url: guarded.url, ...as('/run/etcd') } };
      await within(
        async ({ protect, copies }) => {
          await protect('run1');
          execFileSync(
            'etcdctl',
            [`--endpoints=${guarded.url}`, `--user=root:${password}`, 'user', 'passwd', 'root', '--interactive=false'],
            { env: { ...process.env, ETCDCTL_API: '3' }, input: 'wrong', stdio: ['pipe', 'ignore', 'ignore'] },
          );
          const today = { to: copies, server: { url: guarded.url, ...as('/run/wrong') } };
          const all = (login: string) => guarded.ctl(`--user=root:${login}`, 'get', '', '--from-key');
          guarded.ctl('--user=root:wrong', 'put', 'since', 'then');
          const before = all('wrong');
          await within(
            async (place) => {
              await assert.rejects(place.restore('run2', {}), isFault('database-login-refused'));
              assert.equal(all('wrong'), before);
            },
            today,
            guarded,
          );
          await within(
            async (place) => {
              await place.restore('run3', {});
              assert.equal(all(password), 'one\n1');
            },
            { ...today, restore_as: as('/run/etcd') },
            guarded,
          );
        },
        earlier,
        guarded,
      );
    } finally {
      guarded.close();
    }
  });

  it('is dumped from a member that asks for a certificate, as Kubernetes has it; without one it does not answer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
    const [cert, key] = [join(folder, 'cert'), join(folder, 'key')];
    const made = ['-subj', '/CN=etcd', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-noenc', '-days', '2', ...made], { stdio: 'ignore' });
    execFileSync('chown', ['-R', 'etcd', folder]);
    const secured = await startEtcd(undefined, { cert, key });
    try {
      secured.ctl('put', 'one', '1');
      const shows = { server: { url: secured.url, ca: cert, cert, key } };
      await within(async (place) => assert.deepEqual((await place.protect('run1')).degraded, []), shows, secured);
      await within(
        async (place) => assert.rejects(place.protect('run1'), isFault('database-unreachable')),
        { server: { url: secured.url, ca: cert } },
        secured,
      );
    } finally {
      secured.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('needs room where it is put for a moment: a full disk there is named, and nothing stays', () =>
    within(async (place) => {
      const small = join(place.folder, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=700', 'tmpfs', small]);
      try {
        const entry = { server: { url: server.url }, staging: small };
        const there = placeOfDumps({ layer: etcd, entry });
        assert.deepEqual(codesOf(await there.protect('run1')), ['no-room']);
        assert.deepEqual(readdirSync(small), []);
        assert.deepEqual(there.left(), []);
        there.close();
      } finally {
        execFileSync('umount', [small]);
      }
    }));
});
