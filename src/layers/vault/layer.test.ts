// What an operator is promised of a vault with raft (the stand-in of stand-in.test-support.ts).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { takenIn } from '../common/dumps/taken.ts';
import { type ArchiveFile, archiveOf } from './archive.test-support.ts';
import { code, dumpFails, newest, serving, small } from './served.test-support.ts';
import { Cluster, snapshotPolicy, startVault } from './stand-in.test-support.ts';

describe('a vault', () => {
  const { open, served, placed } = serving();

  describe('that is unsealed', () => {
    it('gives a snapshot, kept as it came, which says its index (reality 1.8a)', async () => {
      const cluster = small();
      const place = placed(await served(cluster, { tls: true }));
      const { degraded, notes } = await place.protect('run1');
      assert.deepEqual([degraded, notes], [[], []]);
      const point = await newest(place);
      const [taken] = takenIn(point.manifest);
      assert.deepEqual([taken?.name, taken?.compress, taken?.counts], ['snapshot', 'none', { index: 40 }]);
      assert.deepEqual(point.manifest.source, { vault: cluster.contents.id });
      const listed = execFileSync('tar', ['-tzf', join(point.folder, taken?.part ?? '')], { encoding: 'utf8' });
      assert.deepEqual(listed.trim().split('\n'), ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed']);
      assert.deepEqual(place.left(), []);
    });

    it('gives it back as a file', async () => {
      const place = placed(await served(small()));
      await place.protect('run1');
      const point = await newest(place);
      const target = join(place.folder, 'back');
      await place.restore('run2', point, { target });
      assert.deepEqual(readdirSync(target), ['snapshot.snap']);
      const [taken] = takenIn(point.manifest);
      assert.ok(
        readFileSync(join(target, 'snapshot.snap')).equals(readFileSync(join(point.folder, taken?.part ?? ''))),
      );
    });

    it('is put back to what it was; what it held meanwhile is a point that is held (reality 4.9)', async () => {
      const cluster = small();
      const place = placed(await served(cluster));
      await place.protect('run1');
      const point = await newest(place);
      cluster.put('kv/shop', 'tuesday');
      cluster.put('kv/new', 'x');
      const { degraded } = await place.restore('run2', point, {});
      assert.deepEqual(degraded, []);
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'monday' });
      assert.deepEqual(cluster.contents.cubbyholes, {}, 'the word that was put into it is gone');
      const held = (await place.points()).find((one) => one.held !== undefined);
      assert.ok(held !== undefined);
      await place.restore('run3', held, {});
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'tuesday', 'kv/new': 'x' });
      assert.deepEqual(place.left(), []);
    });

    it('is not said to be put back before it is: a yes comes before anything is taken in', async () => {
      const cluster = small();
      const place = placed(await served(cluster));
      await place.protect('run1');
      const point = await newest(place);
      cluster.put('kv/shop', 'tuesday');
      cluster.takesIn = new Promise(() => {});
      await assert.rejects(place.restore('run2', point, {}), code('vault-stays-away', /has not begun yet/));
    });

    it('is told of when it is another one than before, and its points take the place of none', async () => {
      const server = await served(small());
      const place = placed(server);
      await place.protect('run1');
      const other = await served(new Cluster('two', { 'kv/shop': 'empty' }));
      const entry = { ...place.entry, url: other.url, keep: { keep_last: 1 } };
      Object.assign(place.entry, entry);
      const { degraded } = await place.protect('run2');
      assert.match(degraded.join(), /this is another vault than at/);
      assert.deepEqual((await place.protect('run3')).degraded, [], 'once');
      const sources = (await place.points()).map(({ manifest }) => String(manifest.source['vault']));
      assert.equal(sources.length, 2, 'one of the old vault, the newest of the new one');
      assert.equal(new Set(sources).size, 2);
    });

    it('is told of when the token may too much, or never ends', async () => {
      const place = placed(await served(small()), { token: 'hvs.root-token' });
      const { notes } = await place.protect('run1');
      const said = notes.map(({ says }) => says).join();
      assert.match(said, /one of root/);
      assert.match(said, /never ends/);
      const able = placed(await served(small()), { token: 'hvs.restore-token' });
      assert.match((await able.protect('run1')).notes.map(({ says }) => says).join(), /may put snapshots back as well/);
    });
  });

  describe('that gives no snapshot', () => {
    const fails = async (cluster: Cluster, wanted: string, says?: RegExp, more: Record<string, unknown> = {}) => {
      const place = placed(await served(cluster), more);
      const running = place.protect('run1');
      if (wanted === 'nothing-dumped') await dumpFails(running, wanted, says);
      else await assert.rejects(running, code(wanted, says));
      assert.deepEqual([await place.points(), place.left()], [[], []]);
    };

    it('to this token says which line its policy lacks', async () => {
      const cluster = small();
      cluster.grant('hvs.narrow', { default: cluster.contents.policies['default'] ?? {} });
      await fails(cluster, 'dump-not-allowed', /path "sys\/storage\/raft\/snapshot" \{ capabilities = \["read"\] \}/, {
        token: 'hvs.narrow',
      });
      cluster.grant('hvs.bare', { only: { 'auth/token/lookup-self': ['read'] } });
      await fails(cluster, 'nothing-dumped', /dump-not-allowed.*policy is without: path/, { token: 'hvs.bare' });
      cluster.grant('hvs.alone', { alone: snapshotPolicy });
      const place = placed(await served(cluster), { token: 'hvs.alone' });
      assert.deepEqual(
        (await place.protect('run1')).degraded,
        [],
        'control: the line is enough, without policy default',
      );
    });

    it('since the token has ended says that', () =>
      fails(small(), 'nothing-dumped', /database-login-refused.*not valid/, { token: 'hvs.gone' }));

    it('since it is sealed, never was begun, or has no raft, says that', async () => {
      const [sealed, unborn, consul] = [small(), small(), small()];
      sealed.sealed = true;
      unborn.initialized = false;
      consul.storage = 'consul';
      await fails(sealed, 'vault-sealed', /unseal it by hand/);
      await fails(unborn, 'vault-not-initialized');
      await fails(consul, 'vault-not-raft', /consul/);
    });

    it('since nobody is there, or something else, says that', async () => {
      const gone = await startVault({ cluster: small() });
      await gone.close();
      await assert.rejects(placed(gone).protect('run1'), code('server-unreachable'));
      const page = createServer((_, response) => response.end('<html>'));
      page.listen(0, '127.0.0.1');
      await once(page, 'listening');
      open.push(() => page.close());
      const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
      await assert.rejects(placed({ url, fingerprint: undefined }).protect('run1'), code('vault-answer-unknown'));
    });

    it('that is whole leaves no point, and takes none away', async () => {
      const cluster = small();
      const place = placed(await served(cluster));
      await place.protect('run1');
      const remade = (change: (files: readonly ArchiveFile[]) => readonly ArchiveFile[]) => (snapshot: Buffer) => {
        const tar = gunzipSync(snapshot);
        const files: ArchiveFile[] = [];
        for (let at = 0; tar[at] !== 0; ) {
          const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
          files.push([
            tar.toString('latin1', at, at + 100).replace(/\0.*/s, ''),
            tar.subarray(at + 512, at + 512 + size),
          ]);
          at += 512 + Math.ceil(size / 512) * 512;
        }
        return archiveOf(change(files));
      };
      const wrong: Readonly<Record<string, (snapshot: Buffer) => Buffer>> = {
        'ended early': (snapshot) => snapshot.subarray(0, snapshot.length / 2),
        'without its last byte': (snapshot) => snapshot.subarray(0, -1),
        empty: () => Buffer.of(),
        zeros: (snapshot) => Buffer.alloc(snapshot.length),
        'another state': remade((files) =>
          files.map((file) => (file[0] === 'state.bin' ? [file[0], Buffer.from('x')] : file)),
        ),
        'no sums': remade((files) => files.filter(([name]) => name !== 'SHA256SUMS')),
        'a file more': remade((files) => [...files, ['x', Buffer.from('x')]]),
        'more behind it': (snapshot) => Buffer.concat([snapshot, gzipSync(Buffer.from('x'))]),
      };
      for (const [name, spoils] of Object.entries(wrong)) {
        cluster.spoils = spoils;
        await dumpFails(place.protect('run2'), 'nothing-dumped', /dump-cut-short|snapshot-not-sound/);
        assert.equal((await place.points()).length, 1, name);
        assert.deepEqual(place.left(), [], name);
      }
      cluster.spoils = remade((files) => files);
      await place.protect('run3');
      assert.equal((await place.points()).length, 2, 'control: made anew without a change it counts');
      cluster.cutAfter = 100_000;
      await dumpFails(place.protect('run4'), 'nothing-dumped', /dump-cut-short/);
      assert.deepEqual([(await place.points()).length, place.left()], [2, []]);
    });

    it('that fits on the disk says that the disk is full', {
      skip: process.getuid?.() !== 0 && 'needs root',
    }, async () => {
      const cluster = small();
      const disk = mkdtempSync(join(tmpdir(), 'holdfast-vault-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=18m,mode=0700', 'none', disk]);
      open.push(() => {
        execFileSync('umount', [disk]);
        rmSync(disk, { recursive: true });
      });
      const place = placed(await served(cluster), { to: join(disk, 'copies') });
      execFileSync('dd', ['if=/dev/zero', `of=${join(disk, 'other')}`, 'bs=1M', 'count=1', 'status=none']);
      cluster.bulk = 14_000_000;
      await dumpFails(place.protect('run1'), 'disk-full');
      assert.deepEqual([await place.points(), place.left()], [[], []]);
    });
  });
});
