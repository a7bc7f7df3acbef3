// Random lives of a share. After each run rsync finds no difference between the share and its mirror, and in the end every run is
// brought back as the share was then.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sweep } from '../../../test/sweep.test-support.ts';
import type { Change } from '../../model/change-journal.ts';
import { hours } from '../../values/duration.ts';
import { differences } from '../common/trees.test-support.ts';
import { changed, type Place, placeWith, removed, renamed, rescan } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';

const acts = [
  'write',
  'write',
  'make',
  'rename',
  'rename',
  'remove',
  'attribute',
  'link',
  'symlink',
  'move in',
  'rewrite',
  'storm',
] as const;
type Act = Readonly<{ act: (typeof acts)[number]; one: number; other: number; text: string }>;
const lives = fc.array(
  fc.array(
    fc.record({ act: fc.constantFrom(...acts), one: fc.nat(), other: fc.nat(), text: fc.string({ maxLength: 20 }) }),
    {
      minLength: 1,
      maxLength: 14,
    },
  ),
  { minLength: 2, maxLength: 4 },
);

const names = ['a', 'b', 'new\nline', 'ü', "it's [odd]*?", '-rf'];
/** The root first, and what is in a folder right behind it; no link is followed. */
const pathsIn = (share: string, path = ''): readonly string[] => [
  path,
  ...(isFolder(join(share, path))
    ? readdirSync(join(share, path)).flatMap((name) => pathsIn(share, join(path, name)))
    : []),
];
const isFolder = (path: string): boolean => lstatSync(path).isDirectory();

/** Does it, and says what a tracker would: names as they are called at that moment. */
function live(share: string, { act, one, other, text }: Act): readonly Change[] {
  const at = (path: string) => join(share, path);
  const paths = pathsIn(share);
  const folders = paths.filter((path) => isFolder(at(path)));
  const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % list.length];
  const some = pick(paths, one) ?? '';
  const folder = pick(folders, other) ?? '';
  const target = join(folder, pick(names, one + other) ?? 'a');
  const free = !existsSync(at(target)) && lstatSync(at(target), { throwIfNoEntry: false }) === undefined;
  switch (act) {
    case 'write':
      if (!free && !lstatSync(at(target)).isFile()) return [];
      writeFileSync(at(target), text);
      return [changed(target)];
    case 'rewrite': {
      const file = pick(
        paths.filter((path) => lstatSync(at(path)).isFile()),
        one,
      );
      if (file === undefined) return [];
      writeFileSync(at(file), `${text}${other}`);
      return [changed(file)];
    }
    case 'make':
      if (!free) return [];
      mkdirSync(at(target));
      return [changed(target, true)];
    case 'rename': {
      if (some === '' || target === some || `${target}/`.startsWith(`${some}/`)) return [];
      if (!free && isFolder(at(target)) !== isFolder(at(some))) return [];
      if (!free && isFolder(at(target)) && readdirSync(at(target)).length > 0) return [];
      const folderMoved = isFolder(at(some));
      renameSync(at(some), at(target));
      return [renamed(some, target, folderMoved)];
    }
    // To and fro, ending on either side: of records that are alike and wait together the kernel keeps one.
    case 'storm': {
      if (some === '' || !isFolder(at(some)) || !free || `${target}/`.startsWith(`${some}/`)) return [];
      const [there, back] = [renamed(some, target, true), renamed(target, some, true)];
      renameSync(at(some), at(target));
      if (one % 2 === 0) {
        renameSync(at(target), at(some));
        return text.length % 3 === 0 ? [there, back, back] : [there, back];
      }
      return text.length % 3 === 0 ? [there, back] : [there, back, there];
    }
    case 'remove': {
      if (some === '') return [];
      const gone = pathsIn(share, some)
        .toReversed()
        .map((path) => removed(path, isFolder(at(path))));
      rmSync(at(some), { recursive: true });
      return gone;
    }
    case 'attribute':
      if (lstatSync(at(some)).isSymbolicLink()) return [];
      chmodSync(at(some), 0o700 + (other % 0o77));
      return [changed(some, isFolder(at(some)))];
    case 'link':
      if (!free || !lstatSync(at(some)).isFile()) return [];
      linkSync(at(some), at(target));
      return [changed(target)];
    case 'symlink':
      if (!free) return [];
      symlinkSync(pick(['/etc', '..', 'a', 'nowhere'], other) ?? 'a', at(target));
      return [changed(target)];
    case 'move in': {
      if (!free) return [];
      const outside = join(dirname(share), 'outside');
      mkdirSync(join(outside, 'deep'), { recursive: true });
      writeFileSync(join(outside, 'deep', 'file'), text);
      utimesSync(join(outside, 'deep', 'file'), 1, 1);
      renameSync(outside, at(target));
      return [rescan(target)];
    }
  }
}

async function lived(place: Place, generations: readonly (readonly Act[])[]): Promise<void> {
  const { share, folder } = place;
  mkdirSync(join(folder, 'states'));
  for (const name of ['a', 'a/b', 'b']) mkdirSync(join(share, name));
  for (const name of ['one', 'a/two', 'a/b/three', 'b/four']) writeFileSync(join(share, name), name);
  const trace: string[] = [];
  for (const [index, life] of [[], ...generations].entries()) {
    for (const act of life) {
      const changes = live(share, act);
      trace.push(...changes.map((change) => JSON.stringify(change)));
      place.tell(...changes);
    }
    const { degraded } = await place.protect(`run${index}`);
    assert.deepEqual(degraded, [], trace.join('\n'));
    assert.equal(differences(share, place.tree), '', `run${index}\n${trace.join('\n')}`);
    trace.push(`-- run${index}`);
    execFileSync('cp', ['-a', share, join(folder, 'states', String(index))]);
    place.clock.move(hours(1));
  }
  const points = await place.points();
  assert.equal(points.length, generations.length + 1);
  for (const [index, point] of points.entries()) {
    await place.restore(`back${index}`, point);
    assert.equal(
      differences(join(folder, 'states', String(index)), place.back),
      '',
      `back to run${index}\n${trace.join('\n')}`,
    );
    rmSync(place.back, { recursive: true });
  }
  assert.deepEqual(place.left(), []);
}

describe('random lives of a share', { skip, timeout: 900_000 }, () => {
  it('are followed exactly, and each run can be had back', () =>
    fc.assert(
      fc.asyncProperty(lives, async (generations) => {
        const place = placeWith({ budget: 100 });
        try {
          await lived(place, generations);
        } finally {
          place.close();
        }
      }),
      { numRuns: sweep ? 60 : 2, endOnFailure: true },
    ));

  it('leave a difference where the journal says nothing (control)', async () => {
    const place = placeWith({ budget: 100 });
    try {
      writeFileSync(join(place.share, 'one'), 'one');
      await place.protect('run0');
      writeFileSync(join(place.share, 'one'), 'another');
      await place.protect('run1');
      assert.notEqual(differences(place.share, place.tree), '');
    } finally {
      place.close();
    }
  });
});
