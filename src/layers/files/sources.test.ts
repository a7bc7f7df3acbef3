// What happens to sources while they are read, and sources that are not what they are taken for.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { instantAt, systemClock } from '../../values/instant.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { type Place, placeWith, seen, unlessRoot } from './place.test-support.ts';

const sh = (script: string, ...args: string[]): string =>
  execFileSync('bash', ['-c', `set -e; ${script}`, 'bash', ...args]).toString();

const withPlace = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}): Promise<void> => {
  const place = placeWith(more);
  try {
    await work(place);
  } finally {
    place.close();
  }
};

/** A process that goes on as long as the work lasts. */
async function meanwhile<Result>(
  script: string,
  args: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const busy = spawn('bash', ['-c', script, 'bash', ...args], { stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => busy.once('exit', resolve));
  try {
    return await work();
  } finally {
    // With whatever it has just started: nothing goes on after it.
    if (busy.pid !== undefined) process.kill(-busy.pid, 'SIGKILL');
    await gone;
  }
}

describe('sources', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('that are empty, missing, links or not mounted make no point, and remove none', () =>
    withPlace(async (place) => {
      sh('echo x >"$1/x"', place.data);
      await place.protect('run1');
      const before = await place.points();
      assert.equal(before.length, 1);
      sh('rm "$1/x"', place.data);
      const empty = await place.protect('run2');
      assert.deepEqual(codesOf(empty), ['source-empty']);
      assert.match(Object.values(empty.failed)[0]?.says ?? '', /there was when it was last copied/);
      sh('mkdir "$1/lost+found"', place.data);
      assert.deepEqual(codesOf(await place.protect('run3')), ['source-empty']);
      sh('rm -r "$1"; ln -s /etc "$1"', place.data);
      assert.deepEqual(codesOf(await place.protect('run4')), ['folder-missing']);
      sh('rm "$1"', place.data);
      assert.deepEqual(codesOf(await place.protect('run5')), ['folder-missing']);
      assert.deepEqual(await place.points(), before);
      assert.deepEqual(place.left(), []);
    }));

  it('on a share that is not mounted are told apart from an empty share', () =>
    withPlace(async (place) => {
      const mount = join(place.folder, 'share');
      sh('mkdir "$1"; echo stale >"$1/what lies below the mount"', mount);
      const entry = placeWith({ from: { folders: [{ folder: join(mount, 'photos'), mounted_at: mount }] } });
      try {
        assert.deepEqual(codesOf(await entry.protect('run1')), ['source-not-mounted']);
        sh('mount -t tmpfs tmpfs "$1"; mkdir "$1/photos"; echo 1 >"$1/photos/1"', mount);
        assert.deepEqual((await entry.protect('run2')).failed, {});
      } finally {
        sh('umount "$1" || true', mount);
        entry.close();
      }
    }));

  it('fail alone, and what was never copied, or longest ago, goes first', async () => {
    let now = Date.parse('2026-03-01T00:00:00Z');
    const clock = { ...systemClock, now: () => instantAt(now) };
    const outer = placeWith();
    const folders = ['a', 'b', 'c'].map((name) => join(outer.folder, name));
    const place = placeWith({ from: { folders: folders.map((folder) => ({ folder })) } }, clock);
    try {
      sh('for one; do mkdir "$one"; echo 1 >"$one/1"; done', ...folders);
      sh('mv "$1" "$1.away"', folders[1] ?? '');
      const first = await place.protect('run1');
      assert.deepEqual(codesOf(first), ['folder-missing']);
      const workloads = async () => (await place.points()).map(({ manifest }) => manifest.workload).sort();
      assert.deepEqual(await workloads(), [folders[0], folders[2]]);
      sh('mv "$1.away" "$1"', folders[1] ?? '');
      now += 3_600_000;
      const begun: string[] = [];
      await place.protect('run2', { began: ({ step }) => void (step.kind === 'files.copy' && begun.push(step.title)) });
      assert.match(begun[0] ?? '', /\/b /);
      assert.equal((await place.points()).length, 5);
    } finally {
      place.close();
      outer.close();
    }
  });

  it('that are written to all the time are copied, and the file that never held still is named', () =>
    withPlace(async (place) => {
      sh('cd "$1"; for n in $(seq 300); do echo $n >$n; done; echo 0 >busy', place.data);
      const out = await meanwhile('while :; do echo $((n += 1)) >>"$1/busy"; done', [place.data], () =>
        place.protect('run1'),
      );
      assert.deepEqual([out.failed, out.degraded], [{}, []]);
      assert.match(out.notes.map(({ says }) => says).join('\n'), /1 file changed each time while copied.*: busy\./);
      const [point] = await place.points();
      assert.deepEqual(point?.manifest.details['changed_while_copied'], ['busy']);
      assert.ok(point !== undefined);
      const restored = await place.restore('run2', point);
      assert.deepEqual(restored.degraded, []);
      assert.equal(
        sh('cd "$1"; cat $(seq 300) | sha256sum', place.back),
        sh('cd "$1"; cat $(seq 300) | sha256sum', place.data),
      );
    }));

  it('whose files vanish meanwhile are copied without them, which is normal', () =>
    withPlace(async (place) => {
      sh('cd "$1"; mkdir stays; for n in $(seq 500); do echo $n >stays/$n; done', place.data);
      const script =
        'cd "$1"; while :; do mkdir -p x/y; for n in 1 2 3 4 5 6 7 8 9; do echo $n >x/y/$n; done; rm -r x; done';
      for (const run of ['run1', 'run2', 'run3']) {
        const out = await meanwhile(script, [place.data], () => place.protect(run));
        assert.deepEqual(out.failed, {});
        // Something of it may have been caught; what is weak is never one that stays.
        assert.doesNotMatch(out.degraded.join('\n'), /stays/);
      }
      const points = await place.points();
      assert.equal(points.length, 3);
      for (const { folder } of points)
        assert.equal(
          sh('cd "$1/tree/stays"; cat $(seq 500) | sha256sum', folder),
          sh('cd "$1/stays"; cat $(seq 500) | sha256sum', place.data),
        );
    }));

  it('in which a folder is swapped for a link never bring anything from outside, and nothing outside is written', () =>
    withPlace(async (place) => {
      const outside = join(place.folder, 'outside');
      sh(
        'mkdir "$1" "$2/swapped"; for n in $(seq 200); do echo secret >"$1/$n"; echo mine >"$2/swapped/$n"; done',
        outside,
        place.data,
      );
      const before = seen(outside);
      // Each state lasts about as long as a tool takes for some files.
      const swap =
        'while (1) { rename "swapped", "away"; rename "link", "swapped"; nap(); rename "swapped", "link"; rename "away", "swapped"; nap() }';
      const script = `cd "$1"; ln -s "$2" link; exec perl -e 'sub nap { select(undef, undef, undef, rand(0.003)) } ${swap}'`;
      for (let run = 1; run <= 6; run += 1) {
        await meanwhile(script, [place.data, outside], () => place.protect(`run${run}`));
        sh(
          'cd "$1"; [ ! -d away ] || [ -L away ] || { [ ! -L swapped ] || mv -T swapped link; mv away swapped; }; rm -f link',
          place.data,
        );
      }
      assert.ok((await place.points()).length > 0);
      assert.equal(sh('grep -r -l secret "$1" || true', place.copies), '', 'no generation has a byte of it');
      assert.equal(seen(outside), before);
      assert.equal(sh('grep -r -l secret "$1" | wc -l', outside).trim(), '200', 'grep would have found it');
    }));

  it('with other file systems mounted in them name those, until each is declared or excluded', async () => {
    const outer = placeWith();
    const inner = join(outer.data, 'in ner');
    const place = placeWith({ from: { folders: [{ folder: outer.data }] } });
    const excluding = placeWith({
      from: { folders: [{ folder: outer.data }] },
      exclude: [{ path: 'in ner', reason: 'declared apart', owner: 'me', review_by: '2999-01-01' }],
    });
    try {
      sh('echo 1 >"$1/1"; mkdir "$2"; mount -t tmpfs tmpfs "$2"; echo 2 >"$2/2"', outer.data, inner);
      const out = await place.protect('run1');
      assert.match(out.degraded.join(), /another file system is mounted at in ner, and is not copied/);
      assert.deepEqual((await excluding.protect('run1')).degraded, []);
    } finally {
      sh('umount "$1" || true', inner);
      for (const one of [place, excluding, outer]) one.close();
    }
  });

  it('without what is excluded, for which somebody answers, and it is counted', () =>
    withPlace(
      async (place) => {
        sh('cd "$1"; mkdir -p cache/deep "a[1]" a1; echo 1 >cache/deep/1; echo 2 >"a[1]/2"; echo 3 >a1/3', place.data);
        const out = await place.protect('run1');
        assert.match(
          out.notes.map(({ says }) => says).join(),
          /leaving out cache was to be looked at again by 2020-01-01 \(me\)/,
        );
        const [point] = await place.points();
        assert.ok(point !== undefined);
        const tree = join(point.folder, 'tree');
        assert.deepEqual(
          [existsSync(join(tree, 'cache')), existsSync(join(tree, 'a[1]')), existsSync(join(tree, 'a1/3'))],
          [false, false, true],
        );
        assert.equal(point.manifest.counts['excluded'], 2);
        assert.match(JSON.stringify(point.manifest.details['excluded']), /"owner":"me".*"path":"cache"/);
      },
      {
        exclude: [
          { path: 'cache', reason: 'made anew', owner: 'me', review_by: '2020-01-01' },
          { path: 'a[1]', reason: 'no pattern', owner: 'me', review_by: '2999-01-01' },
        ],
      },
    ));

  it('with a terabyte of nothing in a file cost what is in it, there and back', () =>
    withPlace(async (place) => {
      sh(
        'cd "$1"; truncate -s 1T huge; printf middle | dd of=huge bs=1 seek=500000000000 conv=notrunc status=none; ln huge again',
        place.data,
      );
      for (const run of ['run1', 'run2']) {
        const out = await place.protect(run);
        assert.deepEqual([out.failed, out.degraded], [{}, []]);
        sh('printf M | dd of="$1/huge" bs=1 seek=500000000000 conv=notrunc status=none', place.data);
      }
      const [first, second] = await place.points();
      assert.ok(first !== undefined && second !== undefined);
      const at = (path: string) =>
        sh('dd if="$1" bs=1 skip=500000000000 count=6 status=none; du -k "$1" | cut -f 1', path);
      assert.match(at(join(first.folder, 'tree/huge')), /^middle\d{1,3}$/m);
      assert.match(at(join(second.folder, 'tree/huge')), /^Middle\d{1,3}$/m);
      assert.match(readFileSync(join(second.folder, 'manifest.json'), 'utf8'), /"bytes": 1099511627776/);
      assert.deepEqual((await place.restore('run3', second)).degraded, []);
      assert.match(at(join(place.back, 'huge')), /^Middle\d{1,3}$/m);
    }));

  it('with names too long for a copy keep the rest, and each of those is named', () =>
    withPlace(async (place) => {
      const part = 'p'.repeat(250);
      sh('cd "$1"; echo 1 >1; for n in $(seq 17); do mkdir "$2"; cd "$2"; echo "$n" >file; done', place.data, part);
      const out = await place.protect('run1');
      assert.deepEqual(out.failed, {});
      assert.match(out.degraded.join('\n'), /ppppp.* could not be copied/);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const missing = point.manifest.details['not_copied'] as readonly string[];
      assert.ok(missing.length > 0 && missing.every((path) => path.length > 3900), `${missing.length} names`);
      const again = await place.protect('run2');
      assert.match(again.degraded.join('\n'), /could not be copied/, 'and it is said each time');
      assert.deepEqual((await place.restore('run3', point)).degraded, []);
      assert.equal(
        sh('find "$1" -name file | wc -l', place.back).trim(),
        String(17 - missing.filter((path) => path.endsWith('file')).length),
      );
    }));
});
