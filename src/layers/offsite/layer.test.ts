// Copies of sealed points on another machine and on another disk: sent, read back there, brought back, removed when they have had their time.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { itemResultsOf } from '../../model/item-results.ts';
import { codesOf, type Outcome } from '../common/driver.test-support.ts';
import { differences, everything, fault, plain } from '../common/trees.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept';
const items = (out: Outcome) => Object.values(out.results).flatMap((result) => itemResultsOf(result).items ?? []);

describe('copies of restore points on another machine', { skip }, () => {
  let place: Place;
  beforeEach(() => {
    place = placeWith();
  });
  afterEach(() => place.close());

  it('are sent oldest first, are the same bit for bit, and nothing is sent twice (reality 1.2q)', async () => {
    plain(place.tree);
    for (const day of [1, 2, 3]) await place.take(day);
    const out = await place.run('run1');
    assert.deepEqual(codesOf(out), []);
    assert.deepEqual(
      items(out).map(({ done }) => done),
      [true, true, true],
    );
    execFileSync('diff', ['-r', place.points, place.there, '--exclude=owner.json']);
    assert.deepEqual(
      Object.keys(out.results)
        .filter((path) => path.includes('send'))
        .map((path) => path.slice(-10)),
      ['-taken1', '-taken2', '-taken3'].map((name) => `000Z${name}`.slice(-10)),
    );
    const again = await place.run('run2');
    assert.deepEqual(items(again), []);
    assert.deepEqual(place.left(), []);
  });

  it('bring everything that a tree has back into an empty folder (reality 4.3)', async () => {
    everything(place.tree);
    rmSync(join(place.tree, 'device'));
    await place.take(1);
    await place.run('run1');
    const [copy] = await place.copies();
    assert.ok(copy !== undefined);
    rmSync(place.points, { recursive: true });
    await place.with({ restore_devices: true }).restore('run2', copy);
    assert.equal(differences(place.tree, place.back), '');
    assert.deepEqual(place.left(), []);
    appendFileSync(join(place.back, 'one'), 'more');
    assert.notEqual(differences(place.tree, place.back), '', 'control');
  });

  it('that rotted there are not restored, and ones that rotted here are not sent', async () => {
    plain(place.tree);
    const point = await place.take(1);
    await place.run('run1');
    const [copy] = await place.copies();
    assert.ok(copy !== undefined);
    const part = join(copy.folder, 'contents.tar');
    const content = readFileSync(part);
    content.writeUInt8(content.readUInt8(600) ^ 1, 600);
    writeFileSync(part, content);
    await assert.rejects(place.restore('run2', copy), fault('point-damaged'));
    assert.equal(existsSync(place.back), false);
    const next = await place.take(2);
    writeFileSync(join(next.folder, 'contents.tar'), content);
    const out = await place.run('run3');
    assert.deepEqual(codesOf(out), ['point-damaged']);
    assert.deepEqual(
      (await place.copies()).map(({ manifest }) => manifest.id),
      [point.manifest.id],
    );
    assert.deepEqual(place.left(), []);
  });

  it('are removed when they have had their time, never the last one, and what retention would remove is not sent', async () => {
    plain(place.tree);
    const small = place.with({ keep: { keep_last: 2 } });
    for (const day of [1, 2, 3, 4]) await place.take(day);
    const first = await small.run('run1');
    assert.match(first.notes.map(({ says }) => says).join(), /2 sealed points not sent/);
    assert.equal((await small.copies()).length, 2);
    await place.take(5);
    await small.run('run2');
    assert.deepEqual(
      (await small.copies()).map(({ manifest }) => manifest.run),
      ['taken4', 'taken5'],
    );
    assert.equal((await place.copies()).length, 2);
  });

  it('of a target that was away for ten days are all made when it is back (reality 6.15)', async () => {
    plain(place.tree);
    await place.take(1);
    await place.run('run1');
    for (let day = 2; day <= 11; day += 1) await place.take(day);
    const wide = place.with({ keep: { keep_last: 20 } });
    const out = await wide.run('run2');
    assert.equal(items(out).filter(({ done }) => done).length, 10);
    assert.equal((await wide.copies()).length, 11);
  });

  it('of which the first cannot be made do not keep the others from being made', async () => {
    plain(place.tree);
    const one = await place.take(1);
    await place.take(2);
    writeFileSync(
      join(one.folder, 'listing.ndjson'),
      readFileSync(join(one.folder, 'listing.ndjson'), 'utf8').replace('first', 'other').replace('644', '645'),
    );
    const out = await place.run('run1');
    assert.deepEqual(codesOf(out), ['point-damaged']);
    assert.deepEqual(
      (await place.copies()).map(({ manifest }) => manifest.run),
      ['taken2'],
    );
  });

  it('are refused a folder that is of another machine, and one whose mark is gone', async () => {
    plain(place.tree);
    await place.take(1);
    await place.run('run1');
    await assert.rejects(place.with({ owner: 'another' }).run('run2'), fault('offsite-owned-by-other'));
    rmSync(place.there, { recursive: true });
    await assert.rejects(place.run('run3'), fault('offsite-mark-gone'));
    assert.equal(existsSync(join(place.there, 'trees')), false);
  });

  it('leave what is foreign in their folder, and name it', async () => {
    plain(place.tree);
    await place.take(1);
    await place.run('run1');
    mkdirSync(join(place.there, 'trees', 'photos of grandma'));
    writeFileSync(join(place.there, 'notes.txt'), 'mine');
    await place.take(2);
    const out = await place.run('run2');
    assert.match(out.notes.map(({ says, subject }) => `${subject} ${says}`).join('\n'), /photos%20of%20grandma/);
    assert.ok((await place.remarks()).some((says) => /of no layer/.test(says)));
    assert.ok(
      existsSync(join(place.there, 'notes.txt')) && existsSync(join(place.there, 'trees', 'photos of grandma')),
    );
  });

  it('are not made on a disk that is not mounted', async () => {
    plain(place.tree);
    await place.take(1);
    const local = place.with({ to_machine: 'here', mounted_at: join(place.folder, 'there') });
    await assert.rejects(local.run('run1'), fault('destination-not-mounted'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=700', 'none', join(place.folder, 'there')]);
    try {
      await local.run('run2');
      assert.equal((await local.copies()).length, 1);
    } finally {
      execFileSync('umount', [join(place.folder, 'there')]);
    }
  });

  it('that do not fit are not begun, and a disk that is full in the middle leaves nothing half (reality 1.5b)', async () => {
    execFileSync('sh', ['-c', 'head -c 8M /dev/urandom > "$0"', join(place.tree, 'large')]);
    await place.take(1);
    const there = join(place.folder, 'there');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=700', 'none', there]);
    try {
      assert.deepEqual(codesOf(await place.run('run1')), ['no-room']);
      execFileSync('mount', ['-o', 'remount,size=12m', there]);
      const filling = {
        at: (moment: string) =>
          moment.endsWith('sending') && !existsSync(join(there, 'filler'))
            ? void execFileSync('sh', ['-c', 'head -c 11M /dev/zero > "$0" || true', join(there, 'filler')], {
                stdio: 'ignore',
              })
            : undefined,
      };
      assert.deepEqual(codesOf(await place.run('run2', filling)), ['disk-full']);
      assert.deepEqual(place.left(), []);
      rmSync(join(there, 'filler'));
      assert.deepEqual(codesOf(await place.run('run3')), []);
      assert.equal((await place.copies()).length, 1);
    } finally {
      execFileSync('umount', [there]);
    }
  });
});
