// Where the file to log in with lies: in a folder that nobody else could have made, told apart from that of any other run or look.
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import { systemClock } from '../../../values/instant.ts';
import { keptForNow, removeKept, whileLooking } from './credentials.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const run = `credentials${process.pid}`;
const left = (part: string): readonly string[] =>
  ['/dev/shm', '/run', '/tmp'].flatMap((place) => readdirSync(place).filter((name) => name.includes(part)));
const unlessRoot = process.getuid?.() === 0 ? false : 'needs root: somebody else has to be first';

describe('a file to log in with', () => {
  it('is in memory, for its owner alone, and gone with the run; what it takes is announced before', async () => {
    const owner = { run, path: 'plain' };
    const announced: string[] = [];
    const path = await keptForNow(machine, 'pgpass', 'secret', {
      ...owner,
      take: (_, name) => {
        assert.deepEqual(left(run), [], 'announced before it is there');
        announced.push(name);
      },
    });
    assert.deepEqual(announced, [dirname(path)]);
    assert.equal(dirname(dirname(path)), '/dev/shm');
    assert.equal(readFileSync(path, 'utf8'), 'secret');
    assert.deepEqual(
      [path, dirname(path)].map((one) => statSync(one).mode & 0o777),
      [0o600, 0o700],
    );
    await removeKept(machine, owner);
    assert.deepEqual(left(run), []);
  });

  for (const [how, make] of [
    [
      'a folder of somebody else',
      (folder: string) => {
        mkdirSync(folder, { mode: 0o700 });
        chownSync(folder, 4321, 4321);
      },
    ],
    ['a folder that others may write to', (folder: string) => void mkdirSync(folder, { mode: 0o777, recursive: true })],
    ['a link', (folder: string) => symlinkSync(tmpdir(), folder)],
  ] as const)
    it(`lies elsewhere where ${how} was there first`, { skip: unlessRoot }, async () => {
      const owner = { run, path: 'first' };
      const usual = await keptForNow(machine, 'pgpass', 'x', owner);
      await removeKept(machine, owner);
      const before = process.umask(0);
      make(dirname(usual));
      process.umask(before);
      try {
        const path = await keptForNow(machine, 'pgpass', 'secret', owner);
        assert.equal(dirname(dirname(path)), '/run');
        assert.deepEqual(
          readdirSync('/dev/shm').filter((name) => name === 'pgpass'),
          [],
        );
      } finally {
        await removeKept(machine, owner);
        rmSync(dirname(usual), { recursive: true, force: true });
      }
    });

  it('of two looks at the same time is two, and none of them is left', async () => {
    const path = `looks${process.pid}`;
    const part = Buffer.from(path).toString('base64url');
    const look = () =>
      whileLooking(machine, path, async (owner) => {
        const file = await keptForNow(machine, 'pgpass', owner.run, owner);
        await whileLooking(machine, path, async (other) => void (await keptForNow(machine, 'pgpass', 'other', other)));
        return readFileSync(file, 'utf8') === owner.run;
      });
    assert.deepEqual(await Promise.all([look(), look()]), [true, true]);
    assert.deepEqual(left(part), []);
  });

  it('of a look that was killed goes with the next one, when it is old', async () => {
    const [old, young] = ['old', 'young'].map((name) => join('/dev/shm', `.holdfast-look-${name}-${process.pid}`));
    assert.ok(old !== undefined && young !== undefined);
    for (const folder of [old, young]) mkdirSync(folder, { mode: 0o700 });
    const long = Date.now() / 1000 - 2 * 3600;
    utimesSync(old, long, long);
    try {
      await whileLooking(machine, 'next', async () => {});
      assert.deepEqual(
        left(`-${process.pid}`).filter((name) => name.includes('look')),
        [young.slice('/dev/shm/'.length)],
      );
    } finally {
      rmSync(young, { recursive: true });
    }
  });
});
