// `holdfast track`, its status and its unit, typed as an operator types them.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { TrackAnswer } from '../../src/cli/answers.ts';
import { caughtUp, inPlace, type Place, paths, read, seen, until } from '../../src/track/tracker.test-support.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
const argvOf = ({ base }: Place, words: readonly string[]): readonly string[] => [
  ...['--disable-warning=ExperimentalWarning', main, ...words, '--journals', join(base, 'journals')],
];
const typed = (place: Place, ...words: readonly string[]) =>
  spawnSync(process.execPath, argvOf(place, words), { encoding: 'utf8' });

async function tracking(outer: Place): Promise<Readonly<{ place: Place; child: ChildProcess }>> {
  const child = spawn(process.execPath, argvOf(outer, ['track', outer.folder]), { stdio: 'ignore' });
  const [journal = ''] = await until(
    async () => readdirSync(join(outer.base, 'journals')),
    ({ length }) => length > 0,
  );
  const place = { ...outer, journal: join(outer.base, 'journals', journal) };
  await until(
    () => read(place),
    ({ watch, complete }) => complete && watch.state === 'following',
  );
  return { place, child };
}

async function stopped(child: ChildProcess): Promise<number | null> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const [status] = await gone;
  return status;
}

const stateOf = (place: Place): readonly [number | null, string | undefined] => {
  const { status, stdout } = typed(place, '--json', 'track', 'status', place.folder);
  const answer = JSON.parse(stdout) as TrackAnswer;
  return [status, 'journals' in answer ? answer.journals[0]?.watch.state : undefined];
};

describe('holdfast track', () => {
  it(
    'follows until SIGTERM, status says whether it does, and the next start has what came between looked for',
    inPlace(async (outer) => {
      const first = await tracking(outer);
      const { place } = first;
      try {
        await caughtUp(place);
        writeFileSync(join(place.folder, 'seen'), '');
        assert.ok(paths(await seen(place)).includes('seen'));
        assert.deepEqual(stateOf(place), [0, 'following']);
        const { stdout, status } = typed(place, 'track', 'status');
        assert.equal(status, 0);
        assert.match(stdout, /following/);
      } finally {
        assert.equal(await stopped(first.child), 0);
      }
      assert.deepEqual(stateOf(place), [1, 'silent']);
      const before = await read(place);
      writeFileSync(join(place.folder, 'between'), '');
      const second = await tracking(outer);
      try {
        const after = await until(
          () => read(place),
          ({ upTo }) => upTo > before.upTo,
        );
        const [rescan, ...others] = after.rescans;
        assert.deepEqual([rescan?.path, rescan?.why, others.length], ['', 'started', 0]);
        assert.ok(rescan?.since !== undefined, 'only what changed from then on');
        assert.deepEqual(stateOf(place), [0, 'following']);
      } finally {
        assert.equal(await stopped(second.child), 0);
      }
    }),
  );

  it(
    'refuses a status of what nobody follows, and folders that are none',
    inPlace(async (place) => {
      mkdirSync(join(place.base, 'journals'));
      const none = typed(place, 'track', 'status', place.folder);
      assert.equal(none.status, 64);
      assert.match(none.stderr, /no journal of/);
      assert.equal(typed(place, 'track').status, 64, 'no folder');
      assert.equal(typed(place, 'track', place.folder, '--exclude', '/elsewhere').status, 64);
      assert.equal(typed(place, 'track', place.folder, '--listener', 'kqueue').status, 64);
      assert.deepEqual(readdirSync(join(place.base, 'journals')), [], 'nothing was begun');
    }),
  );

  it(
    'prints a unit that starts it with the same words, fenced in',
    inPlace(async (place) => {
      const { status, stdout, stderr } = typed(
        place,
        'track',
        'unit',
        place.folder,
        '--exclude',
        'cache',
        '--room',
        '32',
      );
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^ProtectSystem=strict$/m);
      assert.match(stdout, /^CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_READ_SEARCH$/m);
      const start = /^ExecStart=(.*)$/m.exec(stdout)?.[1] ?? '';
      for (const word of [place.folder, join(place.base, 'journals'), '--room 32', join(place.folder, 'cache')])
        assert.ok(start.includes(word), `${word} in ${start}`);
      assert.ok(!start.includes('--listener'), 'control: what was not said');
    }),
  );
});
