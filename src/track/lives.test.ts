// Random lives of a folder, as fast as the disk takes them: a mirror that looks only where the journal says becomes the same.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Changes } from '../layers/common/changes/changes.ts';
import { acknowledged, caughtUp, inPlace, seen, started } from './tracker.test-support.ts';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const deed = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('write' as const), path, text: fc.string({ maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('folder' as const), path }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('move' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('come' as const), path }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never;

/** Found by chance: the folder that moved is not the one that a mirror knows by that name. */
const before: Deed[] = [
  { does: 'folder', path: 'a' },
  { does: 'folder', path: 'b' },
  { does: 'write', path: 'b/b', text: '' },
];
const another: Deed[] = [
  { does: 'leave', path: 'b' },
  { does: 'folder', path: 'b' },
  { does: 'write', path: 'b/c', text: '' },
  { does: 'move', path: 'b', to: 'a/b' },
];

/** Found by chance, too: a folder is made and filled, and one above it moved, before anybody could look into it. */
const watched: Deed[] = [{ does: 'folder', path: 'c' }];
const filled: Deed[] = [
  { does: 'folder', path: 'c/a' },
  { does: 'write', path: 'c/a/c', text: '' },
  { does: 'move', path: 'c', to: 'a/c' },
];
const later: Deed[] = [{ does: 'write', path: 'a/c/a/b', text: '' }];

/** What cannot be done just now is not. */
function live(folder: string, outside: string, one: Deed, nth: number): void {
  const at = join(folder, one.path);
  try {
    if (one.does === 'write') writeFileSync(join(at, '..', `${one.path.slice(-1)}.txt`), `${nth} ${one.text}`);
    else if (one.does === 'folder') mkdirSync(at);
    else if (one.does === 'move') renameSync(at, join(folder, one.to));
    else if (one.does === 'remove') rmSync(at, { recursive: true });
    else if (one.does === 'leave') renameSync(at, join(outside, String(nth)));
    else {
      mkdirSync(join(outside, `in-${nth}`, 'b'), { recursive: true });
      writeFileSync(join(outside, `in-${nth}`, 'b', 'c.txt'), `${nth}`);
      renameSync(join(outside, `in-${nth}`), at);
    }
  } catch (error) {
    if (
      !['ENOENT', 'EEXIST', 'ENOTDIR', 'ENOTEMPTY', 'EINVAL', 'EISDIR'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      throw error;
  }
}

/** The simplest consumer there can be. */
function carry(folder: string, mirror: string, { renamed, touched, rescans }: Changes): void {
  const whole = rescans.map((one) => one.path);
  for (const { from, to, now } of renamed) {
    const [old, fresh] = [join(mirror, from), join(mirror, to)];
    const there = existsSync(old) && !existsSync(fresh) && existsSync(dirname(fresh)) && !to.startsWith(`${from}/`);
    if (there) renameSync(old, fresh);
    else whole.push(now);
  }
  const look = (one: string, deep: boolean): void => {
    const [from, to] = [join(folder, one), join(mirror, one)];
    const source = existsSync(from) ? lstatSync(from) : undefined;
    if (source === undefined || deep || (existsSync(to) && lstatSync(to).isDirectory() !== source.isDirectory()))
      rmSync(to, { recursive: true, force: true });
    if (source === undefined) return;
    if (!existsSync(dirname(to))) look(dirname(one), false);
    if (source.isDirectory() && !deep) mkdirSync(to, { recursive: true });
    else cpSync(from, to, { recursive: true });
  };
  for (const one of touched) look(one.path, false);
  for (const one of whole) look(one, true);
}

describe('random lives of a folder', () => {
  for (const kind of ['fanotify', 'inotify'] as const)
    it(
      `are the same in a mirror that looks only where a journal by ${kind} says`,
      { skip: kind === 'fanotify' && process.getuid?.() !== 0 },
      inPlace(async (place) => {
        const [outside, mirror] = [join(place.base, 'outside'), join(place.base, 'mirror')];
        for (const made of [outside, mirror]) mkdirSync(made);
        const tracker = await started(place, { kind });
        try {
          await caughtUp(place);
          let [nth, moves] = [0, 0];
          await fc.assert(
            fc.asyncProperty(fc.array(deed, { minLength: 30, maxLength: 80 }), async (deeds) => {
              for (const one of deeds) {
                nth += 1;
                live(place.folder, outside, one, nth);
              }
              const changes = await seen(place);
              moves += changes.renamed.length;
              const was = difference(place.folder, mirror);
              carry(place.folder, mirror, changes);
              assert.equal(difference(place.folder, mirror), '', `it was ${was}; ${JSON.stringify(changes)}`);
              await acknowledged(place, changes);
            }),
            {
              numRuns: 15,
              endOnFailure: true,
              examples: [before, another, watched, filled, later].map((one) => [one]),
            },
          );
          assert.ok(moves > 0, 'control: folders were moved at all');
        } finally {
          await tracker.stop();
        }
      }),
    );
});

function difference(one: string, other: string): string {
  try {
    return execFileSync('diff', ['-r', '--exclude=mark-*', one, other], { encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? error);
  }
}
