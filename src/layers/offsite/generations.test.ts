// Generations of files as copies: what they share is there once, all that a file has arrives and comes back, whole or in part.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Machine } from '../../machines/machine.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { differences, everything, fault } from '../common/trees.test-support.ts';
import { seen } from '../files/place.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';
import { unshared } from './read-back.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and sources mounted apart';
const withoutDevice = (tree: string) => {
  everything(tree);
  rmSync(join(tree, 'device'));
};
const takes = (folder: string) =>
  Number(execFileSync('du', ['--summarize', '--block-size=1', folder], { encoding: 'utf8' }).split('\t')[0]);
/** Seals have times of their own. */
function areAsSealed({ points, there }: Place): void {
  execFileSync('diff', ['-r', '--no-dereference', '--exclude=owner.json', '--exclude=pipe', points, there]);
  const names = readdirSync(join(points, 'trees'));
  for (const name of names)
    assert.equal(
      differences(...([points, there].map((at) => join(at, 'trees', name, 'tree')) as [string, string])),
      '',
    );
}
const large = (path: string) => execFileSync('sh', ['-c', 'head -c 20M /dev/urandom > "$0"', path]);

describe('copies of generations', { skip, timeout: 300_000 }, () => {
  let place: Place;
  beforeEach(() => {
    place = placeWith({}, {}, undefined, 'generations');
  });
  afterEach(() => place.close());

  it('hold all that a file has, take the disk there once for what they share, and come back the same (reality 6.19)', async () => {
    withoutDevice(place.tree);
    large(join(place.tree, 'large'));
    await place.take(1);
    assert.deepEqual(codesOf(await place.run('run1')), []);
    appendFileSync(join(place.tree, 'one'), 'more');
    rmSync(join(place.tree, '='));
    await place.take(2);
    const out = await place.run('run2');
    assert.deepEqual([codesOf(out), out.degraded], [[], []]);
    areAsSealed(place);
    const copies = await place.copies();
    assert.equal(copies.length, 2);
    const trees = copies.map(({ folder }) => join(folder, 'tree'));
    assert.equal(new Set(trees.map((tree) => statSync(join(tree, 'large')).ino)).size, 1);
    assert.ok(takes(join(place.there, 'trees')) < 30_000_000);
    const [, newest] = copies;
    assert.ok(newest !== undefined);
    rmSync(place.points, { recursive: true });
    await place.restore('run3', newest);
    assert.equal(seen(place.back), seen(place.tree));
    assert.deepEqual(place.left(), []);
    appendFileSync(join(place.back, 'one'), '!');
    assert.notEqual(seen(place.back), seen(place.tree), 'control');
  });

  it('with a terabyte of holes cost what is in it, and are linked as all else is', async () => {
    const middle = 'dd of=huge bs=1 seek=500000000000 conv=notrunc status=none';
    const sh = (script: string, cwd: string) => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8' });
    const at = (folder: string) =>
      sh('dd if=huge bs=1 skip=500000000000 count=6 status=none; stat -c " %s" huge; du -k huge | cut -f 1', folder);
    sh(`truncate -s 1T huge; printf middle | ${middle}; setfattr -n user.k -v v huge; chmod 640 huge`, place.tree);
    await place.take(1);
    assert.deepEqual(codesOf(await place.run('run1')), []);
    writeFileSync(join(place.tree, 'other'), 'new');
    await place.take(2);
    assert.deepEqual(codesOf(await place.run('run2')), []);
    const [first, second] = await place.copies();
    assert.ok(first !== undefined && second !== undefined);
    const [one, other] = [first, second].map(({ folder }) => join(folder, 'tree'));
    assert.equal(statSync(join(one ?? '', 'huge')).ino, statSync(join(other ?? '', 'huge')).ino);
    assert.match(at(other ?? ''), /^middle 1099511627776\n\d{1,3}$/m);
    sh(`printf M | ${middle}`, place.tree);
    await place.take(3);
    assert.deepEqual(codesOf(await place.run('run3')), []);
    assert.match(at(join((await place.copies())[2]?.folder ?? '', 'tree')), /^Middle 1099511627776\n\d{1,3}$/m);
    rmSync(place.points, { recursive: true });
    await place.restore('run4', second);
    assert.match(at(place.back), /^middle 1099511627776\n\d{1,3}$/m);
    assert.equal(sh('getfattr --only-values -n user.k huge; stat -c " %a" huge', place.back), 'v 640\n');
  });

  it('that took the room twice, since nothing was linked, are said to (reality 2.31)', async () => {
    large(join(place.tree, 'large'));
    await place.take(1);
    await place.run('run1');
    await place.take(2);
    const [copy] = await place.copies();
    assert.ok(copy !== undefined);
    const twice = join(copy.folder, 'tree', 'large');
    // Another time is another file for rsync.
    utimesSync(twice, 1, 1);
    const out = await place.run('run2');
    assert.match(out.degraded.join(), /was not linked/);
  });

  it('are compared byte by byte: a file with the size and time of another is not taken for it', async () => {
    const path = join(place.tree, 'one');
    writeFileSync(path, 'first');
    utimesSync(path, 1000, 1000);
    await place.take(1);
    await place.run('run1');
    writeFileSync(path, 'other');
    utimesSync(path, 1000, 1000);
    await place.take(2);
    const out = await place.run('run2');
    assert.deepEqual(codesOf(out), []);
    areAsSealed(place);
    assert.equal((await place.copies()).length, 2);
  });

  it('of which a byte was changed on the way are no copies', async () => {
    writeFileSync(join(place.tree, 'one'), 'first');
    await place.take(1);
    const real = place.world.machine('nas');
    // The parts are read there when all has been sent.
    const harmful: Machine['run'] = (argv, options) => {
      const partial = readdirSync(join(place.there, 'trees')).find((name) => name.startsWith('.partial-'));
      if (argv[0] === 'sha256sum' && partial !== undefined)
        execFileSync('sh', [
          '-c',
          'printf X | dd of="$0" conv=notrunc status=none',
          join(place.there, 'trees', partial, 'tree', 'one'),
        ]);
      return real.run(argv, options);
    };
    const machine = (name: string) => (name === 'nas' ? { ...real, run: harmful } : place.world.machine(name));
    const out = await place.run('run1', { world: { ...place.world, machine } });
    assert.deepEqual(codesOf(out), ['copy-not-verified']);
    assert.deepEqual([await place.copies(), place.left()], [[], []]);
    assert.deepEqual(codesOf(await place.run('run2')), [], 'control');
    assert.equal((await place.copies()).length, 1);
  });

  it('whose files look attacked stay here, and the copies of what was before stay there', async () => {
    const names = Array.from({ length: 30 }, (_, nth) => join(place.tree, `letter ${nth}.txt`));
    for (const name of names) writeFileSync(name, `Dear ${name}, all is well.\n`.repeat(200));
    const fine = await place.take(1);
    await place.run('run1');
    for (const name of names) execFileSync('sh', ['-c', 'head -c 8000 /dev/urandom > "$0"', name]);
    const attacked = await place.take(2);
    const out = await place.with({ keep: { keep_last: 1 } }).run('run2');
    assert.deepEqual(
      (await place.copies()).map(({ manifest }) => manifest.id),
      [fine.manifest.id],
    );
    assert.ok(
      out.notes.some(
        ({ subject, says }) =>
          subject.includes(attacked.manifest.id) && /not sent: its content is suspicious/.test(says),
      ),
    );
  });

  it('that rotted there are found when they are restored or all is read back, and are no base that spreads it then', async () => {
    withoutDevice(place.tree);
    await place.take(1);
    await place.run('run1');
    const [copy] = await place.copies();
    assert.ok(copy !== undefined);
    const rotten = join(copy.folder, 'tree', 'one');
    const { atimeMs, mtimeMs } = statSync(rotten);
    execFileSync('sh', ['-c', 'printf X | dd of="$0" conv=notrunc status=none', rotten]);
    utimesSync(rotten, atimeMs / 1000, mtimeMs / 1000);
    execFileSync('touch', ['-r', join(place.tree, 'one'), rotten]);
    await assert.rejects(place.restore('run2', copy), fault('point-damaged'));
    assert.equal(existsSync(place.back), false);
    await place.take(2);
    const shared = await place.run('run3');
    assert.deepEqual([codesOf(shared), shared.degraded], [[], []], 'what both share was read back with the first one');
    const second = (await place.copies()).at(-1);
    assert.equal(statSync(join(second?.folder ?? '', 'tree', 'one')).ino, statSync(rotten).ino, 'control');
    // As if it had been long ago.
    place.memory.delete('offsite read back away');
    await place.take(3);
    const out = await place.run('run4');
    assert.deepEqual(codesOf(out), []);
    assert.match(out.degraded.join(), /See whether that copy is damaged/);
    const newest = (await place.copies()).at(-1);
    assert.ok(newest !== undefined);
    await place.restore('run5', newest);
    assert.equal(seen(place.back), seen(place.tree));
  });

  it('are read back where they differ from the one before: what is not shared, and no more', async () => {
    withoutDevice(place.tree);
    await place.take(1);
    await place.run('run1');
    writeFileSync(join(place.tree, 'new'), 'new');
    appendFileSync(join(place.tree, 'one'), 'more');
    await place.take(2);
    await place.run('run2');
    const [first, second] = await place.copies();
    const { signal } = new AbortController();
    const read = unshared(place.world.machine('here'), second?.folder ?? '', [first?.folder ?? ''], signal);
    const names: string[] = [];
    for await (const name of read) names.push(name.toString());
    assert.deepEqual(
      names.filter((name) => name.startsWith('tree/')).sort(),
      ['tree/also-one', 'tree/new', 'tree/one'],
      'also-one is a name of one',
    );
    const broken = unshared(place.world.machine('here'), join(place.there, 'none'), [first?.folder ?? ''], signal);
    await assert.rejects(broken.next(), fault('command-failed'), 'what cannot be looked through is not taken for read');
  });
});

describe('a part of a copy', { skip, timeout: 300_000 }, () => {
  let place: Place;
  afterEach(() => place.close());

  for (const kind of ['generations', 'images'] as const)
    it(`comes back whole and alone: ${kind}`, async () => {
      place = placeWith({}, {}, undefined, kind);
      const [wanted, beside] = ['way [x]/wan\\ted', 'way [x]/beside'] as const;
      execFileSync('mkdir', ['-p', join(place.tree, wanted), join(place.tree, beside)]);
      withoutDevice(join(place.tree, wanted));
      writeFileSync(join(place.tree, beside, 'b'), 'b');
      execFileSync('sh', ['-c', 'chmod 2751 "$0"; chown 7:8 "$0"', join(place.tree, 'way [x]')]);
      await place.take(1);
      await place.run('run1');
      rmSync(place.points, { recursive: true });
      const [copy] = await place.copies();
      assert.ok(copy !== undefined);
      await place.restore('run2', copy, {}, wanted);
      assert.equal(seen(join(place.back, wanted)), seen(join(place.tree, wanted)));
      assert.deepEqual(readdirSync(join(place.back, 'way [x]')), ['wan\\ted']);
      const { mode, uid, gid } = statSync(join(place.back, 'way [x]'));
      assert.deepEqual([mode & 0o7777, uid, gid], [0o2751, 7, 8]);
      rmSync(place.back, { recursive: true });
      await place.restore('run3', copy, {}, `${wanted}/new\nline`);
      assert.deepEqual(readdirSync(join(place.back, wanted)), ['new\nline']);
      assert.deepEqual(place.left(), []);
      await assert.rejects(place.restore('run4', copy, {}, 'way [x]/none'), fault('path-not-in-point'));
      await assert.rejects(place.restore('run5', copy, {}, '../etc'), fault('path-misspelt'));
    });
});
