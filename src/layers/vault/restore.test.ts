// What an operator is promised of a vault with raft: of several servers, with other unseal keys, and in a restore.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { code, dumpFails, newest, serving, small } from './served.test-support.ts';
import { Cluster, startVault } from './stand-in.test-support.ts';
import { untilTaken } from './until-taken.ts';

describe('a vault', () => {
  const { served, placed } = serving();

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

    it('that was made anew, and knows the token that restores alone, is taken with that before', async () => {
      const { cluster, place, point } = await lost();
      const without = (name: string): void => {
        const { [name]: _, ...tokens } = cluster.contents.tokens;
        cluster.contents = { ...cluster.contents, tokens };
      };
      without('hvs.backup-token');
      const at = (moment: string): void => {
        if (/unseal it now/.test(moment) && cluster.sealed) cluster.unseal('old');
      };
      await place.restore('run2', point, { target: 'live-force' }, { at });
      assert.deepEqual(cluster.contents.data, { 'kv/shop': 'monday' });
      assert.equal((await place.points()).filter(({ held }) => held !== undefined).length, 1);
      without('hvs.backup-token');
      cluster.grant('hvs.root-token', {
        default: cluster.contents.policies['default'] ?? {},
        restore: { 'sys/storage/raft/snapshot-force': ['update'] },
      });
      await assert.rejects(place.restore('run3', point, { target: 'live-force' }), code('nothing-dumped', /hvs|token/));
      assert.deepEqual(
        cluster.contents.data,
        { 'kv/shop': 'monday' },
        'control: nothing is replaced that nobody could take',
      );
    });

    it('that is back in the place of a new one is the one that it was: nobody is told of another', async () => {
      const old = new Cluster('old', { 'kv/shop': 'monday' });
      const place = placed(await served(old), { restore_token: 'hvs.root-token' });
      await place.protect('run1');
      const point = await newest(place);
      const cluster = new Cluster('new', { 'kv/shop': 'nothing' });
      Object.assign(place.entry, { url: (await served(cluster)).url });
      const at = (moment: string): void => {
        if (/unseal it now/.test(moment) && cluster.sealed) cluster.unseal('old');
      };
      const force = { target: 'live-force' };
      assert.deepEqual((await place.restore('run2', point, force, { at })).degraded, []);
      assert.deepEqual((await place.protect('run3')).degraded, []);
      const { manifest } = await newest(place);
      assert.deepEqual(manifest.source, { vault: old.contents.id });
      Object.assign(place.entry, { url: (await served(new Cluster('third', {}))).url });
      assert.match((await place.protect('run4')).degraded.join(), /this is another vault than at/, 'control');
      Object.assign(place.entry, { url: (await served(cluster)).url });
      await place.restore('run5', point, {});
      assert.deepEqual((await place.protect('run6')).degraded, [], 'after a run on the new one, too');
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
