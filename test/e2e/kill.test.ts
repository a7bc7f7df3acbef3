// kill -9, one at each kind of step and each of worker, supervisor, both. The whole sweep is in `npm run proof:engine`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { someOf } from '../sweep.test-support.ts';
import {
  canMount,
  type Estate,
  estateIn,
  imageOf,
  kill,
  leftBehind,
  photosEstate,
  reached,
  until,
  type Victim,
  workerOf,
} from './estate.test-support.ts';

function withImage(megabytes = 200): Estate & { image: string; copies: string } {
  const one = estateIn(photosEstate('killed'), 'killed');
  const tree = join(one.folder, 'tree');
  mkdirSync(tree);
  execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', `count=${megabytes}`, 'status=none']);
  const image = join(one.folder, 'photos.img');
  imageOf(image, tree, megabytes * 2);
  return { ...one, image, copies: join(one.folder, 'copies') };
}

const lastState = (one: Estate): string => one.journal((runs) => runs[0]?.state) ?? 'none';

/** The moment at which half of the archive is written. */
const halfway = (one: Estate & { image: string; copies: string }): Promise<string> =>
  until('half of the stream', () => {
    const layer = join(one.copies, 'photos-image');
    const partial = existsSync(layer) ? readdirSync(layer).find((name) => name.startsWith('.partial-')) : undefined;
    const archive = join(layer, partial ?? '', 'contents.tar');
    const size = statSync(archive, { throwIfNoEntry: false })?.size ?? 0;
    return size >= statSync(one.image).size / 4 && one.journal((runs) => runs[0]?.id);
  });

describe('kill -9', { skip: canMount() ? false : 'it needs root and loop devices', timeout: 480_000 }, () => {
  for (const [victim, step] of [
    ['worker', /^[^>]*$/],
    ['supervisor', />/],
    ['both', />/],
  ] as const satisfies readonly (readonly [Victim, RegExp])[])
    it(`of ${victim} while an image is copied leaves nothing of that run, and the journal says aborted (reality 2.1, 6.2)`, async () => {
      const one = withImage();
      try {
        const started = one.start('run', 'photos-image');
        const run = await reached(one, step);
        kill(victim, started, run);
        await started.ended;
        if (victim !== 'worker') {
          assert.match((await one.type('runs')).stdout, /recovery due/, 'a command that only reads says so');
          assert.equal(lastState(one), 'running', 'and finishes nothing');
          assert.equal((await one.type('run', 'photos-image')).status, 0, 'the next one that writes does');
        }
        const states = one.journal((runs) => runs.map(({ id, state }) => [id, state])) ?? [];
        assert.deepEqual(Object.fromEntries(states)[run], 'aborted');
        assert.deepEqual(leftBehind(run, one.image, one.copies), []);
      } finally {
        one.close();
      }
    });

  for (const victim of someOf(1, ['both', 'worker', 'supervisor'] as const))
    it(`of ${victim} at half of the stream leaves nothing of it, and the next run seals a point (reality 1.7a)`, async () => {
      const one = withImage(400);
      try {
        const started = one.start('run', 'photos-image');
        const run = await halfway(one);
        kill(victim, started, run);
        await started.ended;
        const next = await one.type('run', 'photos-image');
        assert.equal(next.status, 0, next.stderr);
        const states = one.journal((runs) => runs.map(({ id, state }) => [id, state])) ?? [];
        assert.equal(Object.fromEntries(states)[run], 'aborted');
        assert.deepEqual(leftBehind(run, one.image, one.copies), []);
        assert.equal(readdirSync(join(one.copies, 'photos-image')).length, 1);
      } finally {
        one.close();
      }
    });

  it('is not needed: Ctrl-C at half of the stream leaves no child, mount, loop device, partial point or lock', async () => {
    const one = withImage(400);
    try {
      const started = one.start('run', 'photos-image');
      const run = await halfway(one);
      started.process.kill('SIGINT');
      assert.equal(await started.ended, 130, started.output());
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
      assert.deepEqual(readdirSync(join(one.copies, 'photos-image')), []);
      const next = await one.type('run', 'photos-image');
      assert.equal(next.status, 0, `no lock is held: ${next.stderr}`);
    } finally {
      one.close();
    }
  });

  it('is still said after the estate was given another name, with the name that finishes it', async () => {
    const one = withImage();
    try {
      const started = one.start('run', 'photos-image');
      const run = await reached(one, />/);
      kill('both', started, run);
      await started.ended;
      const text = readFileSync(one.file, 'utf8');
      writeFileSync(one.file, text.replace('estate: killed', 'estate: renamed'));
      const { stderr } = await one.type('runs');
      assert.match(stderr, new RegExp(`${run}[^\\n]*estate killed[^\\n]*a recovery is due[^\\n]*estate: killed`));
      writeFileSync(one.file, text);
      await one.type('cancel', run);
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
    } finally {
      one.close();
    }
  });

  it('leaves another run untouched: its mount, its processes and its partial point go on (reality 1.2c, L1)', async () => {
    const one = withImage();
    const other = withImage(400);
    try {
      const going = other.start('run', 'photos-image');
      const otherRun = await reached(other, />/);
      const started = one.start('run', 'photos-image');
      const run = await reached(one, />/);
      kill('worker', started, run);
      await started.ended;
      assert.equal(await going.ended, 0, going.output());
      const sealed = readdirSync(other.copies, { recursive: true }).filter((name) =>
        String(name).endsWith('manifest.json'),
      );
      assert.equal(sealed.length, 1);
      assert.deepEqual(leftBehind(otherRun, other.image, other.copies), []);
    } finally {
      one.close();
      other.close();
    }
  });

  it('is told from a second start, which is refused and touches nothing of the first (reality 1.1a, 1.2a, L1, 6.3)', async () => {
    using one = withImage();
    const first = one.start('run', 'photos-image');
    const run = await reached(one, />/);
    // It must still be at work when the second one gets there, on a busy machine too.
    const worker = await until('its worker', () => workerOf(run));
    process.kill(worker, 'SIGSTOP');
    const second = await one.type('run', 'photos-image');
    process.kill(worker, 'SIGCONT');
    assert.equal(second.status, 75, `${second.stdout}${second.stderr}`);
    assert.match(second.stderr, new RegExp(`already-running[\\s\\S]*${run}`));
    assert.equal(await first.ended, 0, first.output());
  });

  it('is not needed: Ctrl-C stops at once, undoes cleanly, and exits with 130', async () => {
    const one = withImage();
    try {
      const started = one.start('run', 'photos-image');
      const run = await reached(one, />/);
      started.process.kill('SIGINT');
      assert.equal(await started.ended, 130, started.output());
      assert.equal(lastState(one), 'interrupted');
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
    } finally {
      one.close();
    }
  });

  it('is not needed either for a run in the background: `cancel` stops it', async () => {
    const one = withImage();
    try {
      const started = one.start('run', 'photos-image');
      const run = await reached(one, />/);
      // Held while the word is passed, so that it is not done before.
      const worker = workerOf(run);
      assert.ok(worker !== undefined);
      process.kill(worker, 'SIGSTOP');
      const cancelling = one.start('cancel', run);
      const passed = performance.now() + 4000;
      await until('the supervisor to have seen it', () => performance.now() > passed);
      process.kill(worker, 'SIGCONT');
      assert.equal(await cancelling.ended, 0, cancelling.output());
      assert.equal(await started.ended, 130);
      assert.equal(lastState(one), 'interrupted');
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
    } finally {
      one.close();
    }
  });
});
