// Targets that are not to be trusted, or not to be harmed: one that only adds, one of rclone, one that may not read what it holds; and the
// other way round, a machine that fetches with a key that only reads.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Nas, startNas } from '../../machines/rsync-only.test-support.ts';
import { cannotServe } from '../../machines/sshd.test-support.ts';
import { itemResultsOf } from '../../model/item-results.ts';
import { Secret } from '../../values/secret.ts';
import { codesOf, type Outcome } from '../common/driver.test-support.ts';
import { forAge } from '../common/points/encryption.ts';
import { differences, everything, fault, plain } from '../common/trees.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

const has = (program: string) => existsSync(`/usr/bin/${program}`);
const skip =
  cannotServe() || (!(has('rrsync') && has('rclone') && has('age')) && 'rrsync, rclone or age is not installed');
const items = (out: Outcome) => Object.values(out.results).flatMap((result) => itemResultsOf(result).items ?? []);
const withoutDevice = (tree: string) => {
  everything(tree);
  rmSync(join(tree, 'device'));
};

describe('copies at a target that only adds', { skip }, () => {
  let nas: Nas;
  let place: Place;
  before(async () => {
    nas = await startNas();
  });
  afterEach(() => place.close());
  after(() => nas.stop());
  const placeAt = (name: string, given = {}) =>
    placeWith(
      { to: join(nas.root, name) },
      { nas: nas.machine('nas', given), blind: nas.machine('blind', { reads: false }) },
    );

  it('are verified through the key that reads, and come back whole', async () => {
    place = placeAt('one');
    withoutDevice(place.tree);
    for (const day of [1, 2]) await place.take(day);
    const out = await place.run('run1');
    assert.deepEqual(
      Object.values(out.failed).map(({ says }) => says),
      [],
    );
    assert.deepEqual(
      items(out).map(({ done }) => done),
      [true, true],
    );
    assert.deepEqual(items(await place.run('run2')), []);
    const copies = await place.copies();
    assert.equal(copies.length, 2);
    const [copy] = copies;
    assert.ok(copy !== undefined);
    rmSync(place.points, { recursive: true });
    await place.restore('run3', copy);
    assert.equal(differences(place.tree, place.back), '');
    assert.deepEqual(place.left(), []);
  });

  it('count for nothing without such a key, and are verified as soon as there is one', async () => {
    place = placeAt('two');
    plain(place.tree);
    await place.take(1);
    const blind = place.with({ to_machine: 'blind' });
    const out = await blind.run('run1');
    assert.deepEqual(
      items(out).map(({ done, says }) => [done, says]),
      [[false, 'sent, unverified: no key reads there']],
    );
    assert.match(out.degraded.join(), /sent, unverified/);
    assert.deepEqual(await blind.copies(), []);
    const names = readdirSync(join(nas.root, 'two', 'away', 'trees'));
    await blind.run('run2');
    assert.deepEqual(readdirSync(join(nas.root, 'two', 'away', 'trees')), names, 'nothing was sent twice');
    assert.deepEqual(await place.copies(), [], 'nor does a key alone make copies of them');
    const verified = await place.run('run3');
    assert.deepEqual(
      Object.values(verified.failed).map(({ says }) => says),
      [],
    );
    assert.deepEqual(
      items(verified).map(({ done }) => done),
      [true],
    );
    assert.equal((await place.copies()).length, 1);
  });

  it('that came to no end are sent under another name, and the first attempt is listed with its size', async () => {
    place = placeAt('three');
    execFileSync('sh', ['-c', 'head -c 30M /dev/urandom > "$0"', join(place.tree, 'large')]);
    await place.take(1);
    const cut = {
      at: (moment: string) => {
        if (moment.includes('send-') && moment.endsWith('sending')) for (const pid of nas.sshd.sessions()) kill(pid);
      },
    };
    const out = await place.with({ bandwidth: '20 MiB' }).run('run1', cut);
    assert.equal(codesOf(out).length, 1);
    assert.deepEqual(await place.copies(), []);
    assert.deepEqual(codesOf(await place.run('run2')), []);
    assert.equal((await place.copies()).length, 1);
    const trees = join(nas.root, 'three', 'away', 'trees');
    if (readdirSync(trees).length === 2) assert.match((await place.remarks()).join(), /came to no end \(/);
  });

  it('that were changed there are no copies any more', async () => {
    place = placeAt('four');
    plain(place.tree);
    await place.take(1);
    await place.run('run1');
    const trees = join(nas.root, 'four', 'away', 'trees');
    const manifest = join(trees, readdirSync(trees)[0] ?? '', 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('2026-01', '2027-01'));
    assert.deepEqual(await place.copies(), []);
    assert.match((await place.remarks()).join(), /not as it was sealed|id/);
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

describe('copies that are fetched', { skip }, () => {
  it('need a key that reads at the machine they come from, and nothing more', async () => {
    const nas = await startNas();
    const place = placeWith({}, {});
    try {
      withoutDevice(place.tree);
      await place.take(1);
      execFileSync('cp', ['-a', place.points, join(nas.root, 'points')]);
      execFileSync('chown', ['-R', '4711:4711', join(nas.root, 'points')]);
      const fetching = placeWith(
        {
          machine: 'far',
          to_machine: undefined,
          mounted_at: join(place.folder, 'there'),
          to: join(place.folder, 'there'),
        },
        { here: nas.machine('here', { appends: false }) },
        join(nas.root, 'points'),
      );
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'none', join(place.folder, 'there')]);
      const out = await fetching.run('run1');
      assert.deepEqual(codesOf(out), []);
      assert.deepEqual(
        items(out).map(({ done }) => done),
        [true],
      );
      const [copy] = await fetching.copies();
      assert.ok(copy !== undefined);
      await fetching.restore('run2', copy);
      assert.equal(differences(place.tree, fetching.back), '');
      assert.deepEqual(fetching.left(), []);
      fetching.close();
    } finally {
      execFileSync('umount', [join(place.folder, 'there')]);
      place.close();
      await nas.stop();
    }
  });
});

describe('copies in a remote of rclone', { skip }, () => {
  it('are compared with what was sent, and come back whole, encrypted or not', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'holdfast-age-'));
    const identity = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const recipient = /public key: (\S+)/.exec(identity)?.[1] ?? '';
    for (const more of [{}, { encrypt_to: [recipient], untrusted: true }]) {
      const remote = mkdtempSync(join(tmpdir(), 'holdfast-remote-'));
      const config = join(remote, 'rclone.conf');
      writeFileSync(config, '[far]\ntype = local\n');
      const place = placeWith({
        to: undefined,
        to_machine: undefined,
        remote: `far:${remote}/in`,
        rclone_config: config,
        ...more,
      });
      try {
        withoutDevice(place.tree);
        writeFileSync(join(place.tree, 'secret'), 'correct horse battery staple');
        execFileSync('touch', ['-d', '2003-03-03T03:03:03Z', place.tree]);
        await place.take(1);
        const out = await place.run('run1');
        assert.deepEqual(codesOf(out), []);
        assert.deepEqual(
          items(out).map(({ done }) => done),
          [true],
        );
        assert.deepEqual(items(await place.run('run2')), []);
        const [copy] = await place.copies();
        assert.ok(copy !== undefined);
        const readable = spawnSync('grep', ['-rl', 'correct horse', join(remote, 'in')]).status === 0;
        assert.equal(readable, !('encrypt_to' in more));
        rmSync(place.points, { recursive: true });
        if ('encrypt_to' in more) await assert.rejects(place.restore('run3', copy), fault('identity-missing'));
        const file = join(keys, 'identity');
        writeFileSync(file, identity);
        const key = new Secret('identity', identity.trim(), forAge);
        const opened = place.with({ identity: { file } });
        const world = { ...opened.world, secret: async () => key };
        await opened.restore('run4', copy, { world });
        assert.equal(differences(place.tree, place.back), '');
        assert.deepEqual(place.left(), []);
      } finally {
        place.close();
        rmSync(remote, { recursive: true });
      }
    }
    rmSync(keys, { recursive: true });
  });
});
