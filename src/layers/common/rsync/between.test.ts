// Folders between two machines, neither of which knows of the other.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import type { Machine } from '../../../machines/machine.ts';
import { systemClock } from '../../../values/instant.ts';
import { differences, everything, fault } from '../trees.test-support.ts';
import { type Rsync, rsyncBetween } from './between.ts';

const machine = (name: string): Machine => localMachine({ name, clock: systemClock });
const never = new AbortController().signal;

describe('rsync between two machines', { skip: process.getuid?.() !== 0 && 'it needs root: owners are kept' }, () => {
  let folder: string;
  let base: Omit<Rsync, 'direction' | 'from' | 'to'>;
  const at = (name: string) => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-rsync-'));
    mkdirSync(at('source'));
    everything(at('source'));
    base = {
      ...{ near: machine('one'), far: machine('other'), signal: never, progress: () => {}, what: 'sending' },
      options: ['-aHAXS', '--numeric-ids', '--modify-window=-1', '--stats'],
    };
  });
  beforeEach(() => {
    for (const name of readdirSync(folder)) if (name !== 'source') rmSync(at(name), { recursive: true, force: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [where, far] of [
    ['of two machines', 'other'],
    ['of one', 'one'],
  ] as const)
    it(`brings everything a tree has there and back, ${where}`, async () => {
      const on = { ...base, far: machine(far) };
      const there = await rsyncBetween({
        ...on,
        direction: 'push',
        from: `${at('source')}/`,
        to: `${at('it is there')}/`,
      });
      assert.equal(there.exitCode, 0, there.words);
      assert.equal(differences(at('source'), at('it is there')), '');
      const back = await rsyncBetween({
        ...on,
        direction: 'pull',
        from: `${at('it is there')}/`,
        to: `${at('back')}/`,
      });
      assert.equal(back.exitCode, 0, back.words);
      assert.equal(differences(at('source'), at('back')), '');
    });

  it('links what is the same to a folder at the target, and copies without one (control)', async () => {
    const send = (to: string, linkDest: readonly string[]) =>
      rsyncBetween({ ...base, direction: 'push', from: `${at('source')}/`, to: `${at(to)}/`, linkDest });
    for (const [to, links] of [
      ['first', []],
      ['second', [at('first')]],
      ['third', []],
    ] as const)
      assert.equal((await send(to, links)).exitCode, 0);
    const inode = (of: string) => statSync(join(at(of), 'holes')).ino;
    assert.equal(inode('first'), inode('second'));
    assert.notEqual(inode('first'), inode('third'));
  });

  it('fails with the words of both ends, and neither goes on', async () => {
    const none = await rsyncBetween({ ...base, direction: 'pull', from: `${at('nothing')}/`, to: `${at('back')}/` });
    assert.equal(none.exitCode, 23);
    assert.match(none.words, /nothing" failed: No such file/);
    const odd = await rsyncBetween({ ...base, options: ['--odd'], direction: 'push', from: '/x/', to: '/y/' });
    assert.deepEqual([odd.exitCode, /unknown option/.test(odd.words)], [1, true]);
  });

  it('ends at both ends when it is cancelled in the middle', async () => {
    writeFileSync(at('large'), Buffer.alloc(50_000_000));
    const stop = new AbortController();
    const reason = new Error('told to stop');
    const slow = { ...base, options: [...base.options, '--bwlimit=1000'], signal: stop.signal };
    const progress = ({ done }: Readonly<{ done: number }>) => (done > 100_000 ? stop.abort(reason) : undefined);
    await assert.rejects(
      rsyncBetween({ ...slow, progress, direction: 'push', from: at('large'), to: at('there') }),
      reason,
    );
    assert.equal(statSync(at('there'), { throwIfNoEntry: false }), undefined);
  });

  it('asks nothing of the other machine that the one it runs on has made up', async () => {
    const near: Machine = {
      ...base.near,
      talk: (argv, options) =>
        machine('one').talk(['sh', '-c', 'printf "sh\\0-c\\0touch taken\\0\\0"; cat', ...argv.slice(3)], options),
    };
    const asked = rsyncBetween({ ...base, near, direction: 'push', from: `${at('source')}/`, to: `${at('there')}/` });
    await assert.rejects(asked, fault('rsync-talks-strangely'));
  });
});
