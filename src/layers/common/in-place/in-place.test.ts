// What a data folder holds is exchanged, and led back, from wherever it stands; and nobody is harmed by a link in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import type { RunId } from '../../../model/run.ts';
import { systemClock } from '../../../values/instant.ts';
import { begin, dataFolder, fill, script } from './data-folder.ts';
import { settleScript, swapScript, unswapScript } from './scripts.ts';

const names = ['dump', 'logs', "it's new"];
const never = new AbortController().signal;
const owner = process.getuid?.() === 0 ? 1234 : undefined;

/** What the test does itself is what the account of the server had done. */
const owned = (folder: string): void => {
  if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, folder]);
};

async function prepared() {
  const top = mkdtempSync(join(tmpdir(), 'holdfast-place-'));
  const data = join(top, 'data');
  mkdirSync(join(data, 'logs'), { recursive: true });
  writeFileSync(join(data, 'dump'), 'old');
  writeFileSync(join(data, 'logs', 'one'), 'old');
  writeFileSync(join(data, 'foreign'), 'stays');
  chmodSync(top, 0o755);
  owned(data);
  const machine = localMachine({ name: 'here', clock: systemClock });
  const folder = await dataFolder(machine, data, 'run1' as RunId);
  await begin(folder, never);
  for (const name of ['dump', "it's new"])
    await fill(
      folder,
      `new/${name}`,
      (async function* () {
        yield Buffer.from('new');
      })(),
      never,
    );
  const run = (text: string, ...more: string[]) => script(folder, text, more.length > 0 ? more : names, never);
  const holds = () =>
    readdirSync(data)
      .sort()
      .map((name) => (statSync(join(data, name)).isFile() ? `${name}: ${readFileSync(join(data, name))}` : name));
  return { top, data, folder, run, holds, [Symbol.dispose]: () => rmSync(top, { recursive: true }) };
}

const before = ['dump: old', 'foreign: stays', 'logs'];
const swapped = ['dump: new', 'foreign: stays', "it's new: new"];
const working = '.holdfast-run1';

describe('what a data folder holds', () => {
  it('is exchanged, also by who begins again, and belongs to the owner of the folder', async () => {
    using place = await prepared();
    await place.run(swapScript);
    await place.run(swapScript);
    assert.deepEqual(place.holds(), [working, ...swapped]);
    if (owner !== undefined) assert.equal(statSync(join(place.data, 'dump')).uid, owner);
  });

  it('is a link where one comes, though it leads nowhere from where it was laid down', async () => {
    using place = await prepared();
    symlinkSync('../outside', join(place.data, working, 'new', 'logs'));
    await place.run(swapScript);
    assert.equal(readlinkSync(join(place.data, 'logs')), '../outside');
    await place.run(unswapScript);
    await place.run('rm -rf -- "$2"');
    assert.deepEqual(place.holds(), before);
  });

  it('is as before when it is led back, from any place, also twice', async () => {
    const places: readonly ((data: string, run: (text: string) => Promise<unknown>) => Promise<void> | void)[] = [
      () => {},
      (data) => void mkdirSync(join(data, working, 'before')),
      (data) => {
        mkdirSync(join(data, working, 'before'));
        renameSync(join(data, 'dump'), join(data, working, 'before', 'dump'));
      },
      async (data, run) => {
        await run(swapScript);
        // Its new files are not in place yet.
        renameSync(join(data, 'dump'), join(data, working, 'new', 'dump'));
      },
      async (_, run) => void (await run(swapScript)),
      async (data, run) => {
        await run(swapScript);
        // The server has written since.
        mkdirSync(join(data, 'logs'));
        writeFileSync(join(data, 'logs', 'two'), 'new');
      },
    ];
    for (const [at, reach] of places.entries()) {
      using place = await prepared();
      await reach(place.data, place.run);
      owned(place.data);
      await place.run(unswapScript);
      await place.run(unswapScript);
      assert.deepEqual(place.holds(), [working, ...before], `place ${at}`);
      assert.deepEqual(readdirSync(join(place.data, 'logs')), ['one']);
    }
  });

  it('that was settled is not led back; the old stays aside where that is wished', async () => {
    for (const stays of [true, false]) {
      using place = await prepared();
      await place.run(swapScript);
      await place.run(settleScript, place.folder.aside, stays ? 'stays' : 'goes');
      await place.run(unswapScript);
      assert.deepEqual(place.holds(), [...(stays ? ['before-run1'] : []), ...swapped]);
      if (stays) assert.deepEqual(readdirSync(place.folder.aside).sort(), ['dump', 'logs']);
    }
  });

  it('is never thrown away by a new beginning while it is put aside', async () => {
    using place = await prepared();
    await place.run(swapScript);
    await assert.rejects(begin(place.folder, never));
    await place.run(unswapScript);
    assert.deepEqual(place.holds(), [working, ...before]);
  });

  it('is not touched by root where nobody could say who we are: what asks that may be killed', async () => {
    using place = await prepared();
    const killed = { exitCode: 137, signal: 'SIGKILL', stdout: '', stderr: '' };
    const machine = { ...place.folder.machine, run: async () => killed };
    await assert.rejects(dataFolder(machine, place.data, 'run1' as RunId), /id/);
  });

  it('cannot lead out of it by a link that its owner puts there', {
    skip: owner === undefined && 'needs root',
  }, async () => {
    using place = await prepared();
    const outside = join(place.top, 'outside');
    mkdirSync(join(outside, 'new'), { recursive: true, mode: 0o755 });
    writeFileSync(join(outside, 'new', 'dump'), 'mine');
    rmSync(place.folder.work, { recursive: true });
    symlinkSync(outside, place.folder.work);
    await assert.rejects(place.run(swapScript));
    assert.deepEqual(readdirSync(outside), ['new']);
    assert.ok(existsSync(join(outside, 'new', 'dump')));
    await begin(place.folder, never);
    assert.equal(readFileSync(join(outside, 'new', 'dump'), 'utf8'), 'mine');
  });
});
