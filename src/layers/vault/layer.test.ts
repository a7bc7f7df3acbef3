// What an operator is promised of a vault with raft (the stand-in of stand-in.test-support.ts).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Outcome } from '../common/driver.test-support.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { type ArchiveFile, archiveOf } from './archive.test-support.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { Cluster, type StandIn, type Standing, snapshotPolicy, startVault } from './stand-in.test-support.ts';
import { untilTaken } from './until-taken.ts';

const code =
  (wanted: string, says: RegExp = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, wanted, error.says);
    assert.match(`${error.says}; ${error.remedy}`, says);
    return true;
  };

/** The dump failed, alone as it is: there is no point of it. */
async function dumpFails(running: Promise<Outcome>, wanted: string, says?: RegExp): Promise<void> {
  const { failed } = await running;
  code(wanted, says)(Object.values(failed)[0]);
}

describe('a vault', () => {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  const served = async (cluster: Cluster, more: Partial<Standing> = {}): Promise<StandIn> => {
    const server = await startVault({ cluster, ...more });
    open.push(server.close);
    return server;
  };
  const placed = (server: Pick<StandIn, 'url' | 'fingerprint'>, more: Record<string, unknown> = {}): Place => {
    const place = placeOn(server, more);
    open.push(place.close);
    return place;
  };
  const small = () => new Cluster('one', { 'kv/shop': 'monday' });
  const newest = async (place: Place): Promise<RestorePoint> => {
    const point = (await place.points()).findLast(({ held }) => held === undefined);
    assert.ok(point !== undefined);
    return point;
  };

  describe('that is unsealed', () => {
    it('gives a snapshot, kept as it came, which says its index', async () => {
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

    it('is put back to what it was; what it held meanwhile is a point that is held', async () => {
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

  describe('of several servers', () => {
    it('is asked for at the one that leads, where a standby names one of the estate', async () => {
      const cluster = small();
      const leads = await served(cluster, { tls: true });
      const standby = await served(cluster, { leader: () => leads.url });
      const place = placed(standby, { nodes: [{ url: leads.url, fingerprint: leads.fingerprint }] });
      assert.deepEqual((await place.protect('run1')).degraded, []);
      assert.deepEqual([...standby.seen], [], 'the standby saw no token');
      await place.restore('run2', await newest(place), {});
    });

    it('whose first is down or sealed is asked for at another', async () => {
      const cluster = small();
      const leads = await served(cluster);
      const gone = await startVault({ cluster });
      await gone.close();
      await placed(gone, { nodes: [{ url: leads.url }] }).protect('run1');
      const other = small();
      other.sealed = true;
      await placed(await served(other), { nodes: [{ url: leads.url }] }).protect('run1');
    });

    it('gives nothing away to one that the estate does not name, however it is led there', async () => {
      const cluster = small();
      const stranger = await served(cluster);
      const standby = placed(await served(cluster, { leader: () => stranger.url }));
      await assert.rejects(standby.protect('run1'), code('vault-standby', /leads; the token was not sent there/));
      const resigning = placed(await served(cluster, { resigned: () => stranger.url }));
      await dumpFails(resigning.protect('run1'), 'nothing-dumped', /vault-standby/);
      assert.deepEqual([...stranger.seen], []);
      const known = placed(await served(cluster, { resigned: () => stranger.url }), { nodes: [{ url: stranger.url }] });
      await known.protect('run1');
      assert.deepEqual([...stranger.seen], ['hvs.backup-token'], 'control: one that is named is followed');
    });

    it('gives nothing away to one with another certificate', async () => {
      const [server, other] = [await served(small(), { tls: true }), await served(small(), { tls: true })];
      const place = placed({ url: server.url, fingerprint: other.fingerprint });
      await assert.rejects(place.protect('run1'), code('certificate-changed'));
      assert.deepEqual([...server.seen], []);
    });
  });

  describe('with other unseal keys', () => {
    const lost = async () => {
      const before = placed(await served(new Cluster('old', { 'kv/shop': 'monday' })));
      await before.protect('run1');
      const cluster = new Cluster('new', { 'kv/shop': 'nothing' });
      const place = placed(await served(cluster), { to: before.copies, restore_token: 'hvs.root-token' });
      return { cluster, place, point: await newest(before) };
    };

    it('refuses the snapshot, and is as it was', async () => {
      const { cluster, place, point } = await lost();
      const { notes } = await place.planned(point, {});
      assert.match(notes.map(({ says }) => says).join(), /of another vault/);
      await assert.rejects(place.restore('run2', point, {}), code('other-unseal-keys', /--to live-force/));
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'nothing' });
      assert.deepEqual(place.left(), []);
    });

    it('takes it by force, seals itself, and is done when somebody has unsealed it with the old ones', async () => {
      const { cluster, place, point } = await lost();
      const tried: boolean[] = [];
      const at = (moment: string): void => {
        if (/unseal it now/.test(moment) && cluster.sealed) tried.push(cluster.unseal('new'), cluster.unseal('old'));
      };
      await place.restore('run2', point, { target: 'live-force' }, { at });
      assert.deepEqual(tried, [false, true], 'the keys of today open nothing any more');
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'monday' });
    });

    it('that nobody unseals says which keys it wants', async () => {
      const { cluster, place, point } = await lost();
      await assert.rejects(
        place.restore('run2', point, { target: 'live-force' }),
        code('vault-sealed', /unseal it by hand/),
      );
      const awaited = { entry: place.entry, token: place.entry.token, sentinel: undefined, expected: '', index: 1 };
      const context = { world: place.world, signal: new AbortController().signal, log: () => {}, progress: () => {} };
      await assert.rejects(untilTaken(awaited, context), code('vault-stays-sealed', /keys of the day of the snapshot/));
      assert.ok(cluster.unseal('old'));
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'monday' }, 'all of it is there then');
    });
  });

  describe('in a restore', () => {
    it('is refused where the token may not, with the line that it lacks', async () => {
      const cluster = small();
      const place = placed(await served(cluster), { restore_token: 'hvs.backup-token' });
      await place.protect('run1');
      const point = await newest(place);
      const refusals = async (target: string) => (await place.planned(point, { target })).refusals;
      assert.match(
        (await refusals('live'))[0]?.says ?? '',
        /path "sys\/storage\/raft\/snapshot" \{ capabilities = \["update"\] \}/,
      );
      assert.match((await refusals('live-force'))[0]?.says ?? '', /snapshot-force/);
      assert.equal((await refusals('there'))[0]?.code, 'target-unclear');
      cluster.version = '1.14.9';
      const able = placed(await served(cluster), { to: place.copies });
      assert.equal((await able.planned(point, {})).refusals[0]?.code, 'server-too-old');
      cluster.version = '1.15.0';
      assert.deepEqual((await able.planned(point, {})).refusals, [], 'control');
    });

    it('gets nothing of a point that is damaged', async () => {
      const cluster = small();
      const place = placed(await served(cluster));
      await place.protect('run1');
      const point = await newest(place);
      const part = join(point.folder, takenIn(point.manifest)[0]?.part ?? '');
      execFileSync('dd', ['if=/dev/zero', `of=${part}`, 'bs=1', 'count=4', 'seek=9000', 'conv=notrunc', 'status=none']);
      cluster.put('kv/shop', 'tuesday');
      await assert.rejects(place.restore('run2', point, {}), (error) => error instanceof Fault);
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'tuesday' });
      assert.deepEqual(place.left(), []);
    });
  });
});
