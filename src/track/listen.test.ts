// The listener's words, however the pipe cuts them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { kibibytes } from '../values/size.ts';
import { type Heard, heardIn, listenerCommand } from './listen.ts';

const said = Buffer.from('C\0a\nb\x000\0R\0old\0new\x001\0O\0D\0\xff\x001\0T\x001795334524\x005\0', 'latin1');

describe('what the listener says', () => {
  it('is the same wherever it is cut', () => {
    const whole = heardIn(said).heard;
    assert.deepEqual(
      whole.map(({ what }) => what),
      ['changed', 'renamed', 'lost', 'removed', 'complete'],
    );
    assert.deepEqual(whole[3], { what: 'removed', path: '\xff', folder: true });
    for (let cut = 0; cut <= said.length; cut += 1) {
      const first = heardIn(said.subarray(0, cut));
      const second = heardIn(Buffer.concat([first.left, said.subarray(cut)]));
      assert.deepEqual([...first.heard, ...second.heard], whole, `cut at ${cut}`);
      assert.equal(second.left.length, 0);
    }
  });

  it('is a defect where nobody understands it, and never left out', () => {
    assert.throws(() => heardIn(Buffer.from('X\0a\0')), /nobody understands/);
  });
});

describe('a listener that nobody reads', () => {
  for (const kind of ['fanotify', 'inotify'] as const)
    it(`says that something was lost, by ${kind}, once its room is used up, and goes on`, {
      skip: kind === 'fanotify' && process.getuid?.() !== 0,
    }, async () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-listen-')));
      const command = listenerCommand({ folder, kind, place: '', excluded: [] }, kibibytes(64));
      const listener = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = once(listener, 'exit');
      try {
        const said = words(listener.stdout);
        assert.equal((await said(({ what }) => what === 'here')).length, 1);
        listener.stdout.pause();
        // More than the pipe, both rooms, and a queue of inotify hold.
        const long = 'x'.repeat(200);
        for (let nth = 0; nth < 12_000; nth += 1) writeFileSync(join(folder, `${long}${nth}`), '');
        const until = said(({ what }) => what === 'lost');
        listener.stdout.resume();
        await until;
        mkdirSync(join(folder, 'after'));
        await said((one) => one.what === 'changed' && one.path === 'after');
      } finally {
        listener.kill('SIGTERM');
        await gone;
        rmSync(folder, { recursive: true });
      }
    });
});

/** Collects until one of them is it. */
function words(stdout: Readable): (last: (heard: Heard) => boolean) => Promise<readonly Heard[]> {
  let [rest, heard]: [Buffer, Heard[]] = [Buffer.alloc(0), []];
  let look = () => {};
  stdout.on('data', (chunk: Buffer) => {
    const understood = heardIn(Buffer.concat([rest, chunk]));
    rest = understood.left;
    heard.push(...understood.heard);
    look();
  });
  return (last) =>
    new Promise((resolve) => {
      look = () => {
        const at = heard.findIndex(last);
        if (at === -1) return;
        const taken = heard.slice(0, at + 1);
        heard = heard.slice(at + 1);
        look = () => {};
        resolve(taken);
      };
      look();
    });
}
