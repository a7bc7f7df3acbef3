// A terabyte of which a few bytes are something: carried, compared, and held back, without its holes.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import { systemClock } from '../../../values/instant.ts';
import { fault, sh } from '../trees.test-support.ts';
import { carryHoley, holeyIn, unlikeHoley } from './holes.ts';
import { isHoley } from './rule.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const signal = new AbortController().signal;
const watched = { signal, progress: () => {} };

describe('a large file that is mostly holes', () => {
  let folder: string;
  let [one, other] = ['', ''];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-holes-'));
    [one, other] = [join(folder, 'one'), join(folder, 'other')];
    for (const name of [one, other]) mkdirSync(name);
    const name = 'deep/-rf "odd\nname"';
    sh(
      `mkdir deep; truncate -s 1T '${name}'; printf something | dd of='${name}' bs=1 seek=700G conv=notrunc status=none`,
      one,
    );
    sh('truncate -s 100M small; head -c 300M /dev/zero > written', one);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const paths = async (within = '') => (await holeyIn(machine, one, signal, within)).map(({ path }) => path);
  const carry = async (more = {}) =>
    carryHoley({ from: machine, folder: one, to: machine, into: other, paths: await paths(), ...more }, watched);

  it('is found among others, and below a path that alone is meant', async () => {
    assert.deepEqual(await paths(), ['deep/-rf "odd\nname"']);
    assert.deepEqual(await paths('deep'), await paths());
    assert.deepEqual(await paths('de'), []);
    assert.equal(isHoley(300e6, 299e6), false);
  });

  it('comes with its size, time and content, and takes what is in it', async () => {
    await carry();
    const [path = ''] = await paths();
    const [from, to] = [one, other].map((at) => statSync(join(at, path), { bigint: true }));
    assert.deepEqual([to?.size, to?.mtimeNs], [from?.size, from?.mtimeNs]);
    assert.ok((to?.blocks ?? 9999n) < 1000n);
    assert.deepEqual(await unlikeHoley({ machine, folder: one }, { machine, folder: other }, [path], signal), []);
    sh('printf X | dd of="$(ls)" bs=1 seek=700G conv=notrunc status=none', join(other, 'deep'));
    assert.deepEqual(await unlikeHoley({ machine, folder: one }, { machine, folder: other }, [path], signal), [path]);
    rmSync(join(other, path));
    assert.deepEqual(await unlikeHoley({ machine, folder: one }, { machine, folder: other }, [path], signal), [path]);
  });

  it('is left to rsync where it vanished meanwhile, and waits as long as its rate wants', async () => {
    const waited: number[] = [];
    await carry({ rate: 1000, pause: async (time: number) => void waited.push(time) });
    assert.ok(waited.reduce((sum, time) => sum + time, 0) > 4000, 'an archive of some KiB at 1000 bytes a second');
    sh('rm -r deep', one);
    await carry({ paths: ['deep/gone'] });
  });

  it('says so where it cannot be written', async () => {
    await assert.rejects(carry({ into: join(folder, 'nowhere') }), fault('unpack-failed'));
  });
});
