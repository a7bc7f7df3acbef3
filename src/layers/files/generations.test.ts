// One generation after another: each is the source as it was then, costs what changed, and no later one writes into an earlier one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../../model/restore-point.ts';
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

const treeOf = ({ folder }: RestorePoint): string => join(folder, 'tree');
const inode = (path: string): number => statSync(path).ino;

async function copied(place: Place, run: string): Promise<RestorePoint> {
  const out = await place.protect(run);
  assert.deepEqual([out.failed, out.degraded], [{}, []]);
  const point = (await place.points()).at(-1);
  assert.ok(point !== undefined && point.manifest.run === run);
  return point;
}

const filled = `cd "$1"; mkdir -p a/b c gone; for n in 1 2 3; do echo "$n" >a/$n; echo "$n" >a/b/$n; done; echo x >c/x; ln c/x c/y; ln -s a link; echo g >gone/g; echo t >to-folder
mkdir to-file; echo i >to-file/i; setfacl -m u:1:r a/3; setfattr -n user.k -v v a/2; touch -d '2020-01-01 00:00:00.5' a/1 a/2 a a/b/1`;

/** What changed in this second or the one before is looked at again in the next run. */
const untilQuiet = 'quiet=$(($(date +%s) + 1)); until [ "$(date +%s)" -gt "$quiet" ]; do sleep 0.1; done';

describe('generations', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('of an unchanged folder share every file, and each is whole by itself', () =>
    withPlace(async (place) => {
      sh(`${filled}; find . -exec touch -h -d '2021-01-01' {} +; ${untilQuiet}`, place.data);
      const first = await copied(place, 'run1');
      const before = seen(treeOf(first));
      const second = await copied(place, 'run2');
      assert.equal(second.manifest.details['outcome'], 'same');
      assert.deepEqual(second.manifest.counts, first.manifest.counts);
      assert.equal(inode(join(treeOf(first), 'a/1')), inode(join(treeOf(second), 'a/1')));
      assert.notEqual(inode(join(treeOf(first), 'a')), inode(join(treeOf(second), 'a')));
      assert.deepEqual([seen(treeOf(second)), seen(treeOf(first))], [before, before]);
      sh('rm -r "$1"', first.folder);
      assert.deepEqual((await place.restore('run3', second)).degraded, []);
      assert.equal(seen(place.back), seen(place.data));
    }));

  it('follow every kind of change, and the one before stays what it was, owners, modes and attributes included (reality 1.2m)', () =>
    withPlace(async (place) => {
      sh(filled, place.data);
      const first = await copied(place, 'run1');
      const before = seen(treeOf(first));
      sh(
        `cd "$1"; echo more >>a/1; chmod 600 a/b/1; chown 9:9 a/b/2; setfacl -b a/3; setfattr -x user.k a/2; rm -r gone; rm to-folder; mkdir to-folder; echo n >to-folder/n
        rm -r to-file; echo f >to-file; ln a/b/3 hard; rm c/y; ln -sfn c link; mkdir new; mkfifo new/fifo; mv c d; setfacl -d -m u:5:rw a; chmod 750 .; setfattr -n user.root -v r .`,
        place.data,
      );
      const second = await copied(place, 'run2');
      assert.equal(second.manifest.details['outcome'], 'changed');
      assert.equal(seen(treeOf(second)), seen(place.data));
      assert.equal(seen(treeOf(first)), before, 'nothing of an earlier generation is written again');
      assert.equal(inode(join(treeOf(first), 'a/b/3')) === inode(join(treeOf(second), 'a/b/3')), true);
      assert.deepEqual((await place.restore('run3', second)).degraded, []);
      assert.equal(seen(place.back), seen(place.data));
      sh('rm -r "$1"', place.back);
      assert.deepEqual((await place.restore('run4', first)).degraded, []);
      assert.equal(seen(place.back), before);
      sh('setfacl -x d:u:5 "$1/a"', place.data);
      const third = await copied(place, 'run5');
      assert.equal(seen(treeOf(third)), seen(place.data), 'what a folder has lost is lost in the next');
    }));

  it('know a file that was changed behind its size and time, as an attacker does', () =>
    withPlace(async (place) => {
      sh(`echo honest >"$1/ledger"; touch -d 2020-01-01 "$1/ledger"`, place.data);
      const first = await copied(place, 'run1');
      sh(`echo forged >"$1/ledger"; touch -d 2020-01-01 "$1/ledger"`, place.data);
      const second = await copied(place, 'run2');
      const ledger = (point: RestorePoint) => readFileSync(join(treeOf(point), 'ledger'), 'utf8');
      assert.deepEqual([ledger(first), ledger(second)], ['honest\n', 'forged\n']);
      assert.deepEqual(second.manifest.details['changes'], { changed: 1, changed_bytes: 7, changed_bytes_before: 7 });
    }));

  it('say what became of what: new, changed, only touched, gone (reality 2.13)', () =>
    withPlace(async (place) => {
      sh(`cd "$1"; echo 1 >same; echo 12 >changed; echo 123 >touched; echo 1234 >gone`, place.data);
      await copied(place, 'run1');
      sh(`cd "$1"; echo 123456 >changed; chmod 600 touched; rm gone; echo 12345678 >new`, place.data);
      const { manifest } = await copied(place, 'run2');
      assert.deepEqual(manifest.details['changes'], {
        ...{ changed: 1, changed_bytes: 7, changed_bytes_before: 3, gone: 1, gone_bytes: 5, new: 1, new_bytes: 9 },
        ...{ touched: 1, touched_bytes: 4 },
      });
    }));

  it('of a folder that was restored elsewhere and moved back share what is the same', () =>
    withPlace(async (place) => {
      sh(filled, place.data);
      const first = await copied(place, 'run1');
      sh('cp -a "$1" "$1.again"; rm -r "$1"; mv "$1.again" "$1"; echo other >"$1/a/2"', place.data);
      const second = await copied(place, 'run2');
      assert.equal(seen(treeOf(second)), seen(place.data));
      assert.equal(inode(join(treeOf(first), 'a/1')), inode(join(treeOf(second), 'a/1')));
      assert.notEqual(inode(join(treeOf(first), 'a/2')), inode(join(treeOf(second), 'a/2')));
    }));

  it('are not built upon one that is damaged, which blocks no run and is said', () =>
    withPlace(async (place) => {
      sh(filled, place.data);
      const ways: readonly (readonly [string, (point: RestorePoint) => void])[] = [
        [
          'its listing is not what was sealed',
          ({ folder }) =>
            writeFileSync(join(folder, 'digests.gz'), 'x'.repeat(statSync(join(folder, 'digests.gz')).size)),
        ],
        ['its tree is not as it was sealed', (point) => sh('rm "$1/a/2"', treeOf(point))],
        ['its tree is not as it was sealed', (point) => sh('chmod 777 "$1/a/b/2"', treeOf(point))],
        ['its tree is not as it was sealed', (point) => sh('echo more >"$1/a/planted"', treeOf(point))],
      ];
      for (const [at, [says, damage]] of ways.entries()) {
        damage(await copied(place, `run${at}`));
        const out = await place.protect(`run${at}b`);
        assert.match(out.notes.map((note) => note.says).join('\n'), new RegExp(says));
        const point = (await place.points()).at(-1);
        assert.ok(point !== undefined);
        assert.equal(seen(treeOf(point)), seen(place.data));
        sh('rm -r "$1"/*', join(place.copies, 'files'));
      }
      const first = await copied(place, 'run8');
      writeFileSync(join(first.folder, 'manifest.json'), '{}');
      await copied(place, 'run9');
      assert.match((await place.remarks()).join('\n'), /manifest.json is not as this Holdfast writes them/);
    }));

  it('whose content was damaged on the disk are not restored as if they were whole', () =>
    withPlace(async (place) => {
      sh(filled, place.data);
      const point = await copied(place, 'run1');
      sh(
        `touch -r "$1/a/2" "$2"; printf X | dd of="$1/a/2" bs=1 conv=notrunc status=none; touch -r "$2" "$1/a/2"`,
        treeOf(point),
        join(place.folder, 'time'),
      );
      await assert.rejects(place.restore('run2', point), {
        code: 'point-damaged',
        says: /not the content that was sealed: a\/2$/,
      });
      assert.deepEqual(place.left(), []);
    }));
});
