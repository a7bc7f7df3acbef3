// What a tracker makes of what goes wrong: killed, drowned, unmounted, out of room, half written.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { HeartBeat } from '../model/change-journal.ts';
import { mountsBelow } from './track.ts';
import {
  acknowledged,
  caughtUp,
  inPlace,
  type Place,
  paths,
  read,
  seen,
  started,
  until,
} from './tracker.test-support.ts';

const root = process.getuid?.() === 0;
const at = ({ folder }: Place, name: string) => join(folder, name);
const beatOf = ({ journal }: Place): HeartBeat => JSON.parse(readFileSync(join(journal, 'heartbeat.json'), 'utf8'));
const segments = ({ journal }: Place): readonly string[] =>
  readdirSync(join(journal, 'segments'))
    .sort()
    .map((name) => join(journal, 'segments', name));

/** As an operator starts it; its journal lies where the others of these tests do. */
function startedAlone({ folder, base }: Place): ChildProcess {
  const main = resolve(import.meta.dirname, '../main.ts');
  const argv = ['--disable-warning=ExperimentalWarning', main, 'track', folder, '--journals', join(base, 'journals')];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}
/** The perl that listens for a process. */
function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '');
  return children.map(Number).find((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'perl');
}
const journalIn = async ({ base }: Place): Promise<string> => {
  const names = await until(
    async () => readdirSync(join(base, 'journals')),
    ({ length }) => length > 0,
  );
  return join(base, 'journals', names[0] ?? '');
};

/** A file system of the share alone: a fanotify mark hears all of the disk, and nobody else is to be heard. */
function ownDisk({ base, folder }: Place, ...options: readonly string[]): () => void {
  const image = join(base, 'image');
  writeFileSync(image, '');
  truncateSync(image, 32 * 1024 * 1024);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', ...options, image]);
  return () => void execFileSync('mount', ['-o', 'loop', image, folder]);
}

/** More than the kernel keeps for whoever sets no limit of its own, while the listener is halted. */
function flooded(place: Place, kind: 'fanotify' | 'inotify'): number {
  const listener = childOf(process.pid);
  if (listener === undefined) throw new Error('it has no listener');
  const many = Number(readFileSync(`/proc/sys/fs/${kind}/max_queued_events`, 'utf8')) + 1;
  process.kill(listener, 'SIGSTOP');
  try {
    for (let nth = 0; nth < many; nth += 1) writeFileSync(at(place, `many/${nth}`), '');
  } finally {
    process.kill(listener, 'SIGCONT');
  }
  return many;
}

describe('a tracker', () => {
  it(
    'that is killed is seen to be gone, and the next says from when on to look (reality 1.4)',
    inPlace(async (outer) => {
      const first = startedAlone(outer);
      const place = { ...outer, journal: await journalIn(outer) };
      await caughtUp(place);
      writeFileSync(at(place, 'before'), '');
      assert.deepEqual(paths(await seen(place)), ['before']);
      const listener = childOf(first.pid ?? 0);
      assert.notEqual(listener, undefined);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await until(
        async () => statSync(`/proc/${listener}`, { throwIfNoEntry: false }),
        (there) => there === undefined,
      ).catch(() => {});
      assert.equal(statSync(`/proc/${listener}`, { throwIfNoEntry: false }), undefined, 'its listener dies with it');
      const last = beatOf(place);
      writeFileSync(at(place, 'in-the-gap'), '');
      assert.ok(!paths(await read(place)).includes('in-the-gap'), 'control: nobody saw it');
      const second = startedAlone(outer);
      try {
        const changes = await until(
          () => read(place),
          ({ rescans }) => rescans.length > 0,
        );
        assert.ok(paths(changes).includes('before'), 'what was recorded stays');
        const [rescan] = changes.rescans;
        assert.deepEqual([changes.rescans.length, rescan?.path, rescan?.why], [1, '', 'started']);
        assert.ok(
          rescan?.since !== undefined && last.complete !== undefined && rescan.since < last.complete,
          'from when it was known on',
        );
        const found = execFileSync('find', [place.folder, '-newerct', rescan.since, '-type', 'f', '-printf', '%P\n'], {
          encoding: 'utf8',
        });
        assert.ok(found.includes('in-the-gap'));
      } finally {
        second.kill('SIGTERM');
        await once(second, 'exit');
      }
      assert.equal((await read(place)).watch.state, 'silent');
    }),
  );

  it(
    'knows every one of more files than the queue of the kernel holds by default, where it is fanotify (reality 1.4, 6.17)',
    { skip: !root },
    inPlace(async (place) => {
      ownDisk(place, '-N', '40000')();
      mkdirSync(at(place, 'many'));
      const tracker = await started(place, { kind: 'fanotify' });
      try {
        await caughtUp(place);
        const many = flooded(place, 'fanotify');
        const { touched, rescans } = await seen(place);
        assert.deepEqual(rescans, []);
        assert.equal(touched.filter(({ path }) => path.startsWith('many/')).length, many);
      } finally {
        await tracker.stop();
        execFileSync('umount', [place.folder]);
      }
    }),
  );

  it(
    "that the kernel's queue of inotify ran over on says to look through what changed since it last knew all",
    inPlace(async (place) => {
      mkdirSync(at(place, 'many'));
      const tracker = await started(place, { kind: 'inotify' });
      try {
        await caughtUp(place);
        const before = beatOf(place).complete ?? '';
        flooded(place, 'inotify');
        const { rescans } = await until(
          () => read(place),
          (now) => now.rescans.some(({ why }) => why === 'overflow'),
        );
        const overflow = rescans.find(({ why }) => why === 'overflow');
        assert.equal(overflow?.path, '');
        assert.ok(overflow?.since !== undefined && overflow.since <= before);
        const changes = await until(
          () => read(place),
          ({ complete }) => complete,
        );
        await acknowledged(place, changes);
        mkdirSync(at(place, 'many/after'));
        await acknowledged(place, await seen(place));
        writeFileSync(at(place, 'many/after/x'), '');
        assert.deepEqual(paths(await seen(place)), ['many/after/x'], 'it follows on');
      } finally {
        await tracker.stop();
      }
    }),
  );

  it(
    'takes an unmounted share for away, never for empty, and looks from then on when it is back',
    { skip: !root },
    inPlace(async (place) => {
      const mount = ownDisk(place);
      mount();
      const tracker = await started(place);
      try {
        await caughtUp(place);
        writeFileSync(at(place, 'kept'), '');
        await acknowledged(place, await seen(place));
        const before = beatOf(place).complete ?? '';
        execFileSync('umount', [place.folder]);
        const away = await until(
          () => read(place),
          ({ watch }) => watch.state === 'away',
        );
        assert.deepEqual([away.touched, away.rescans], [[], []]);
        writeFileSync(at(place, 'on the mount point'), '');
        mount();
        const back = await until(
          () => read(place),
          ({ watch, rescans }) => watch.state === 'following' && rescans.length > 0,
        );
        assert.deepEqual(
          back.rescans.map(({ path, why }) => [path, why]),
          [['', 'back']],
        );
        assert.ok((back.rescans[0]?.since ?? '') <= before);
        assert.deepEqual(paths(back), []);
        writeFileSync(at(place, 'again'), '');
        assert.deepEqual(paths(await seen(place)), ['again']);
      } finally {
        await tracker.stop();
        execFileSync('umount', [place.folder]);
      }
    }),
  );

  it(
    'takes another folder in the place of its own for away, until it is told to begin anew',
    inPlace(async (place) => {
      const first = await started(place);
      await caughtUp(place);
      renameSync(place.folder, `${place.folder}.old`);
      mkdirSync(place.folder);
      await until(
        () => read(place),
        ({ watch }) => watch.state === 'away',
      );
      await first.stop();
      const second = await started(place);
      await until(
        () => read(place),
        ({ watch }) => watch.state === 'away',
      );
      await second.stop();
      const third = await started(place, { anew: true });
      const changes = await until(
        () => read(place),
        ({ watch }) => watch.state === 'following',
      );
      assert.deepEqual([changes.from, changes.rescans.map(({ path, since }) => [path, since])], [0, [['', undefined]]]);
      await third.stop();
    }),
  );

  it(
    'is the only one that writes its journal',
    inPlace(async (place) => {
      const tracker = await started(place);
      await assert.rejects(started(place), { code: 'already-tracked' });
      await tracker.stop();
      await (await started(place)).stop();
    }),
  );

  it(
    'drops what a kill left half written, and nothing else',
    inPlace(async (place) => {
      const first = await started(place);
      await caughtUp(place);
      writeFileSync(at(place, 'whole'), '');
      await seen(place);
      await first.stop();
      const { position } = beatOf(place);
      appendFileSync(segments(place).at(-1) ?? '', '0123abcd {"n":99,"what":"chan');
      const second = await started(place);
      const changes = await until(
        () => read(place),
        ({ upTo }) => upTo > position,
      );
      assert.ok(paths(changes).includes('whole'));
      assert.ok(
        changes.rescans.every(({ why }) => why === 'started'),
        JSON.stringify(changes.rescans),
      );
      assert.equal(changes.upTo, position + 1, 'the number of the half one is used anew');
      await second.stop();
    }),
  );

  it(
    'has a damaged record looked for in everything that changed since the last acknowledgement',
    inPlace(async (place) => {
      const tracker = await started(place);
      await caughtUp(place);
      for (const name of ['one', 'two']) writeFileSync(at(place, name), '');
      await seen(place);
      await tracker.stop();
      assert.deepEqual((await read(place)).rescans, [], 'control');
      const segment = segments(place).at(-1) ?? '';
      writeFileSync(segment, readFileSync(segment, 'utf8').replace('"two"', '"twO"'));
      const damaged = await read(place);
      assert.deepEqual(
        damaged.rescans.map(({ path, why }) => [path, why]),
        [['', 'missing']],
      );
      assert.notEqual(damaged.rescans[0]?.since, undefined);
      rmSync(segment);
      assert.deepEqual(
        (await read(place)).rescans.map(({ why }) => why),
        ['missing'],
        'and records that are gone',
      );
    }),
  );
});

describe('a file system within a tracked folder', () => {
  const line = (where: string) => `36 35 98:0 / ${where} rw,noatime master:1 - ext4 /dev/x rw`;
  it('is named, as it is not followed with it', () => {
    const all = ['/', '/srv', '/srv/a\\040b', '/srv2'].map(line).join('\n');
    assert.deepEqual(mountsBelow(all, '/srv'), ['/srv/a b']);
  });
});
