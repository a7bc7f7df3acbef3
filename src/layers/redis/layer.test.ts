// What an operator is promised of what a real Redis holds; redis-cli is asked, and a digest that Redis makes of all its keys.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../fault.ts';
import { localMachine } from '../../machines/local.ts';
import type { Machine } from '../../machines/machine.ts';
import { systemClock } from '../../values/instant.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { type PlaceOfDumps, placeOfDumps, Refused } from '../common/dumps/place-of-dumps.test-support.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { redis } from './layer.ts';
import { cannotServeRedis, filled, freePort, others, type RedisTestServer, startRedis } from './server.test-support.ts';

const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const secret = { file: '/run/redis' };

describe('what a Redis holds', { skip: cannotServeRedis() }, () => {
  let server: RedisTestServer;
  const entryFor = (more: Record<string, unknown> = {}) => {
    const { server: own = {}, ...rest } = more;
    return {
      server: { port: server.port, user: 'holdfast', password: secret, ...(own as object) },
      restore_as: { user: 'default', password: secret },
      ...{ service: server.service, data: server.data },
      ...rest,
    };
  };
  const within = async (
    work: (place: PlaceOfDumps) => Promise<void>,
    more: Record<string, unknown> = {},
    over: Partial<Machine> = {},
  ) => {
    const place = placeOfDumps({
      layer: redis,
      password: server.password,
      entry: entryFor(more),
      over,
      also: [server.data],
    });
    try {
      await work(place);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
    }
  };
  const dumpOf = async (place: PlaceOfDumps, at = -1): Promise<Buffer> => {
    const point = (await place.points()).at(at);
    assert.ok(point !== undefined);
    const [taken] = takenIn(point.manifest);
    return zstdDecompressSync(readFileSync(join(point.folder, taken?.part ?? '')));
  };

  before(async () => {
    server = await startRedis();
  });
  beforeEach(() => {
    server.cli('flushall');
    filled(server, 2000);
  });
  after(() => server.close());

  for (const way of ['replication', 'bgsave'])
    it(`is dumped whole (${way}${way === 'bgsave' ? ', by its socket' : ''}), counted and sealed, and loads into another server as it was`, () =>
      within(
        async (place) => {
          const { degraded } = await place.protect('run1');
          assert.deepEqual(degraded, []);
          const [point] = await place.points();
          assert.ok(point !== undefined);
          assert.equal(point.manifest.counts['keys'], 2000 + others);
          assert.equal(point.manifest.counts['expires'], 1);
          const dump = await dumpOf(place);
          assert.equal(dump.subarray(0, 5).toString(), 'REDIS');
          const other = await startRedis({ dump });
          try {
            assert.equal(other.digest(), server.digest());
            assert.equal(other.cli('lindex', 'a\nlist', '1'), '2');
          } finally {
            other.close();
          }
        },
        { way, ...(way === 'bgsave' ? { server: { user: 'default', socket: join(server.data, 'socket') } } : {}) },
      ));

  it('comes back as dump.rdb, which redis-check-rdb reads (reality 1.8a)', () =>
    within(async (place) => {
      await place.protect('run1');
      const target = join(place.folder, 'back');
      await place.restore('run2', { target });
      assert.deepEqual(readdirSync(target), ['dump.rdb']);
      const said = execFileSync('redis-check-rdb', [join(target, 'dump.rdb')], { encoding: 'utf8' });
      assert.match(said, /RDB looks OK/);
    }));

  it('comes back in the place of what is there, which becomes a point that is held', () =>
    within(async (place) => {
      await place.protect('run1');
      const good = server.digest();
      server.cli('flushall');
      for (let key = 0; key < 30; key += 1) server.cli('set', `bad:${key}`, 'x');
      await place.restore('run2', {});
      assert.equal(server.digest(), good);
      const held = (await place.points()).find((one) => one.held !== undefined);
      assert.deepEqual(held && takenIn(held.manifest).map(({ counts }) => counts['keys']), [30]);
      assert.equal(statSync(join(server.data, 'dump.rdb')).uid, statSync(server.data).uid);
    }));

  it('comes back in place where the server reads a log of commands, which it goes on keeping', async () => {
    const logged = await startRedis({ settings: ['appendonly yes'] });
    try {
      filled(logged, 50);
      const good = logged.digest();
      const given = { ...entryFor(), server: { port: logged.port, user: 'holdfast', password: secret } };
      const place = placeOfDumps({
        ...{ layer: redis, password: logged.password, also: [logged.data] },
        entry: { ...given, service: logged.service, data: logged.data },
      });
      await place.protect('run1');
      logged.cli('flushall');
      await place.restore('run2', {});
      assert.equal(logged.digest(), good);
      assert.match(logged.cli('config', 'get', 'appendonly'), /yes/);
      logged.cli('set', 'written', 'after');
      const then = logged.digest();
      logged.stop();
      logged.start();
      assert.equal(logged.digest(), then, 'and it is there after the next start');
      assert.deepEqual(place.left(), []);
      place.close();
    } finally {
      logged.close();
    }
  });

  it('comes back to a server that is down, where its files are kept; else that is refused', () =>
    within(async (place) => {
      await place.protect('run1');
      const good = server.digest();
      server.stop();
      await assert.rejects(
        place.restore('run2', {}),
        (error) => error instanceof Refused && error.codes[0] === 'server-down',
      );
      await place.restore('run3', { keepOld: true });
      assert.equal(server.digest(), good);
      assert.ok(existsSync(join(server.data, 'before-run3', 'dump.rdb')));
    }));

  it('is as before where a restore fails at its last check, or a server does not start on it', () =>
    within(async (place) => {
      await place.protect('run1');
      server.cli('set', 'since', 'then');
      const now = server.digest();
      for (const step of ['swap ends', 'start begins', 'compare begins'])
        await assert.rejects(
          place.restore(
            'run2',
            {},
            {
              at: (moment) => {
                if (moment === step) throw new Error('it fails here');
              },
            },
          ),
          /it fails here/,
        );
      assert.equal(server.digest(), now);
    }));

  for (const [keeps, settings] of [
    ['a dump', []],
    ['a log of commands', ['appendonly yes']],
  ] as const)
    it(`is not interrupted where \`data\` is a folder that it does not read, though as many keys are there after a start (${keeps})`, async () => {
      const [own, foreign] = [await startRedis({ settings }), await startRedis()];
      foreign.cli('save');
      foreign.stop();
      // It may save once more when it is stopped.
      const saved = statSync(join(foreign.data, 'dump.rdb')).mtimeMs / 1000;
      const place = placeOfDumps({
        ...{ layer: redis, password: own.password, also: [own.data, foreign.data] },
        entry: {
          ...entryFor(),
          server: { port: own.port, user: 'holdfast', password: secret },
          service: own.service,
          data: foreign.data,
        },
      });
      try {
        filled(own, 50);
        await place.protect('run1');
        own.cli('set', 'key:1', 'is another');
        while (Number(own.cli('time').split('\n')[0]) <= saved) await place.points();
        const [now, started] = [own.digest(), own.cli('info', 'server').match(/run_id:\w+/)?.[0]];
        await assert.rejects(place.restore('run2', {}), isFault('data-not-found'));
        assert.equal(own.digest(), now);
        assert.equal(own.cli('info', 'server').match(/run_id:\w+/)?.[0], started);
        assert.deepEqual(place.left(), []);
      } finally {
        for (const one of [place, own, foreign]) one.close();
      }
    });

  it('is as before where the server does not read what was put there, and where the point is damaged nobody is interrupted', async () => {
    // The login of the restore may not ask for the name of its file, which is another one than usual.
    const odd = await startRedis({ settings: ['dbfilename other.rdb'] });
    const place = placeOfDumps({
      ...{ layer: redis, password: odd.password, also: [odd.data] },
      entry: {
        ...{ server: { port: odd.port, user: 'holdfast', password: secret }, service: odd.service, data: odd.data },
        restore_as: { user: 'restorer', password: secret },
      },
    });
    try {
      filled(odd, 50);
      await place.protect('run1');
      odd.cli('del', 'key:1');
      const now = odd.digest();
      await assert.rejects(place.restore('run2', {}), isFault('data-not-found'));
      assert.equal(odd.digest(), now);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const started = odd.cli('info', 'server').match(/run_id:\w+/)?.[0];
      const part = join(point.folder, takenIn(point.manifest)[0]?.part ?? '');
      const bytes = readFileSync(part);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(part, bytes);
      await assert.rejects(place.restore('run3', { point }), isFault('point-damaged'));
      assert.equal(odd.cli('info', 'server').match(/run_id:\w+/)?.[0], started);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
      odd.close();
    }
  });

  it('is not taken from where the login may not, or is refused, or the server is down: each by its name', async () => {
    await within(async (place) => assert.rejects(place.protect('run1'), isFault('database-login-refused')), {
      server: { password: { file: '/run/wrong' } },
    });
    const less = await startRedis({ grants: '+ping +info' });
    const at = placeOfDumps({
      ...{ layer: redis, password: less.password },
      entry: { ...entryFor(), server: { port: less.port, user: 'holdfast', password: secret } },
    });
    const [fault] = Object.values((await at.protect('run1')).failed);
    assert.equal(fault?.code, 'nothing-dumped');
    assert.match(fault?.says ?? '', /dump-not-allowed/);
    assert.deepEqual(await at.points(), []);
    less.close();
    await assert.rejects(at.protect('run2'), isFault('database-unreachable'));
    assert.deepEqual(at.left(), []);
    at.close();
  });

  it('is dumped over TLS, where the authority of the server is the one that is declared', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
    const [ca, key, port] = [join(folder, 'cert'), join(folder, 'key'), await freePort()];
    const made = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', ca];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-noenc', '-days', '2', ...made], { stdio: 'ignore' });
    execFileSync('chown', ['-R', 'redis', folder]);
    const files = [`tls-cert-file ${ca}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`, 'tls-auth-clients no'];
    const secured = await startRedis({ settings: [`tls-port ${port}`, ...files] });
    const placeWith = (tls: object) =>
      placeOfDumps({
        ...{ layer: redis, password: secured.password },
        entry: { server: { port, user: 'holdfast', password: secret, tls } },
      });
    const [right, wrong] = [placeWith({ ca }), placeWith({})];
    try {
      filled(secured, 5);
      assert.deepEqual((await right.protect('run1')).degraded, []);
      assert.equal((await right.points())[0]?.manifest.counts['keys'], 5 + others);
      await assert.rejects(wrong.protect('run1'), isFault('database-unreachable'));
    } finally {
      for (const one of [right, wrong, secured]) one.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('is dumped by a login that may not count, with the checker of Redis; without it the run is degraded', async () => {
    const less = await startRedis({ grants: '+ping +sync +psync +replconf' });
    const entry = { ...entryFor(), server: { port: less.port, user: 'holdfast', password: secret } };
    filled(less, 20);
    const real = localMachine({ name: 'here', clock: systemClock });
    const over: Partial<Machine> = {
      run: async (argv, options) =>
        argv.includes('command -v redis-check-rdb')
          ? { exitCode: 1, signal: undefined, stdout: '', stderr: '' }
          : real.run(argv, options),
    };
    const [full, poor] = [{}, over].map((machine) =>
      placeOfDumps({ layer: redis, password: less.password, entry, over: machine }),
    );
    try {
      assert.deepEqual((await full?.protect('run1'))?.degraded, []);
      assert.equal((await full?.points())?.[0]?.manifest.counts['keys'], 20 + others);
      assert.match((await poor?.protect('run1'))?.degraded.join() ?? '', /could count its keys/);
    } finally {
      full?.close();
      poor?.close();
      less.close();
    }
  });

  it('makes no point when the server is killed while it sends', async () => {
    const dying = await startRedis();
    filled(dying, 300, 100_000);
    const place = placeOfDumps({
      ...{ layer: redis, password: dying.password },
      entry: { ...entryFor(), server: { port: dying.port, user: 'holdfast', password: secret } },
    });
    try {
      let killed = false;
      const out = await place.protect('run1', {
        at: (moment) => {
          if (killed || !moment.includes('dumping dump')) return;
          killed = true;
          dying.kill();
        },
      });
      assert.deepEqual(codesOf(out), ['nothing-dumped']);
      assert.ok(killed);
      assert.deepEqual(await place.points(), []);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
      dying.close();
    }
  });

  it('that is empty all at once is suspicious, and holds what was before', () =>
    within(async (place) => {
      await place.protect('run1');
      server.cli('flushall');
      const { degraded } = await place.protect('run2');
      assert.match(degraded.join(), /has no keys, and had 2006/);
      assert.ok((await place.points()).some((one) => one.held !== undefined));
    }));

  it('is known by its values, not by its size: they are others, or the same also after a start', async () => {
    const own = await startRedis();
    const at = placeOfDumps({
      ...{ layer: redis, password: own.password },
      entry: { server: { port: own.port, user: 'holdfast', password: secret } },
    });
    const contentAfter = async (run: string, change: () => void): Promise<string | undefined> => {
      change();
      assert.deepEqual((await at.protect(run)).degraded, []);
      const point = (await at.points()).at(-1);
      return point && takenIn(point.manifest)[0]?.content;
    };
    try {
      filled(own, 500);
      const first = await contentAfter('run1', () => {});
      const started = await contentAfter('run2', () => {
        own.cli('save');
        own.stop();
        own.start();
      });
      assert.ok(first !== undefined);
      assert.equal(started, first);
      assert.notEqual(await contentAfter('run3', () => own.cli('set', 'key:1', 'xxxxxxxxxx')), first);
      // How long nobody has read a key is written beside it then: no two dumps are the same.
      assert.equal(
        await contentAfter('run4', () => own.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')),
        undefined,
      );
    } finally {
      at.close();
      own.close();
    }
  });

  it('does not fit on a full disk: that is said, and nothing stays there', () =>
    within(
      async (place) => {
        mkdirSync(place.copies);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=700', 'tmpfs', place.copies]);
        try {
          server.cli('flushall');
          filled(server, 400, 100_000);
          assert.deepEqual(codesOf(await place.protect('run1')), ['disk-full']);
          assert.deepEqual(await place.points(), []);
        } finally {
          execFileSync('umount', [place.copies]);
        }
      },
      { compress: 'none' },
    ));
});
