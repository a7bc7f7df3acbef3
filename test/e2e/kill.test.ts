// kill -9, one at each kind of step and each of worker, supervisor, both. The whole sweep is in `npm run proof:engine`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  canMount,
  type Estate,
  estateIn,
  imageOf,
  kill,
  leftBehind,
  reached,
  type Victim,
} from './estate.test-support.ts';

const estate = `
estate: killed
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: photos-image, kind: disk-image, machine: here, workload: photos, image: FOLDER/photos.img, to: FOLDER/copies, keep: { keep_last: 2 } }
`;

function withImage(megabytes = 200): Estate & { image: string; copies: string } {
  const one = estateIn(estate, 'killed');
  const tree = join(one.folder, 'tree');
  mkdirSync(tree);
  execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', `count=${megabytes}`, 'status=none']);
  const image = join(one.folder, 'photos.img');
  imageOf(image, tree, megabytes * 2);
  return { ...one, image, copies: join(one.folder, 'copies') };
}

const lastState = (one: Estate): string => one.journal((runs) => runs[0]?.state) ?? 'none';

describe('kill -9', { skip: canMount() ? false : 'it needs root and loop devices', timeout: 240_000 }, () => {
  for (const [victim, step] of [
    ['worker', /^[^>]*$/],
    ['supervisor', />/],
    ['both', />/],
  ] as const satisfies readonly (readonly [Victim, RegExp])[])
    it(`of ${victim} while an image is copied leaves nothing of that run, and the journal says aborted`, async () => {
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

  it('leaves another run untouched: its mount, its processes and its partial point go on', async () => {
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

  it('is told from a second start, which is refused and touches nothing of the first', async () => {
    const one = withImage();
    try {
      const first = one.start('run', 'photos-image');
      const run = await reached(one, />/);
      const second = await one.type('run', 'photos-image');
      assert.equal(second.status, 75);
      assert.match(second.stderr, new RegExp(`already-running[\\s\\S]*${run}`));
      assert.equal(await first.ended, 0, first.output());
    } finally {
      one.close();
    }
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
      const cancelled = await one.type('cancel', run);
      assert.equal(cancelled.status, 0, cancelled.stderr);
      assert.equal(await started.ended, 130);
      assert.equal(lastState(one), 'interrupted');
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
    } finally {
      one.close();
    }
  });
});
