// The daemon as a process of its own: it starts what is due, is killed at every moment of a start, and loses or doubles none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScheduleMemory } from '../../src/contracts/schedule-memory.ts';
import { openScheduleMemory, readScheduleMemory } from '../../src/journal/schedule-memory.ts';
import type { Mark } from '../../src/model/schedule.ts';
import { timetableOf } from '../../src/schedule/timetable.ts';
import { days } from '../../src/values/duration.ts';
import { after, instantAt } from '../../src/values/instant.ts';
import {
  canMount,
  type Estate,
  estateIn,
  imageOf,
  leftBehind,
  photosEstate,
  type Started,
  treeIn,
  until,
} from './estate.test-support.ts';

const name = 'served';
const schedules = 'schedules: [{ job: photos-image, schedule: "00:00" }]\n';

type Night = Estate & { image: string; copies: string; own: string };

/** An estate whose daemon was last seen two days ago: the start of this midnight is due at once. */
function night(text = schedules): Night {
  const one = estateIn(`${photosEstate(name)}${text}`, name);
  const image = join(one.folder, 'photos.img');
  mkdirSync(join(one.folder, 'tree'));
  treeIn(join(one.folder, 'tree'), { one: 'one', two: 'two'.repeat(1000) });
  imageOf(image, join(one.folder, 'tree'), 16);
  const own = join(one.state, name);
  withMemory(own, (memory) => {
    const [timing] = timetableOf({
      schedules: [{ job: 'photos-image', schedule: '00:00' }],
      ...{ time_zone: 'UTC', sections: {} },
    }).timings.values();
    const since = after(instantAt(Date.now()), days(-2) as ReturnType<typeof days>);
    const mark: Mark = { when: timing?.when ?? '', since, handled: since, ran: [], waiting: null, decided: null };
    memory.settle('photos-image', undefined, mark, [], since);
    memory.looked({ at: since, boot: null, elapsed: null });
  });
  const daemons: Started[] = [];
  return {
    ...one,
    ...{ image, copies: join(one.folder, 'copies'), own },
    start: (...args) => {
      const started = one.start(...args);
      daemons.push(started);
      return started;
    },
    close: () => {
      for (const daemon of daemons) if (daemon.process.exitCode === null) daemon.process.kill('SIGKILL');
      one.close();
    },
  };
}

function withMemory<Result>(own: string, work: (memory: ScheduleMemory) => Result): Result {
  const memory = openScheduleMemory(own);
  try {
    return work(memory);
  } finally {
    memory.close();
  }
}

const markOf = ({ own }: Night): Mark | undefined => {
  const memory = readScheduleMemory(own);
  try {
    return memory?.marks().get('photos-image');
  } finally {
    memory?.close();
  }
};

const statesOf = (one: Night): readonly string[] => one.journal((runs) => runs.map(({ state }) => state)) ?? [];

const killed = async (daemon: Started): Promise<void> => {
  daemon.process.kill('SIGKILL');
  await daemon.ended;
};
const stopped = async (daemon: Started): Promise<number | null> => {
  daemon.process.kill('SIGTERM');
  return daemon.ended;
};

const unlessMounting = canMount() ? false : 'it needs root and loop devices';

describe('the daemon', { skip: unlessMounting, timeout: 480_000 }, () => {
  it('makes up for a start that it missed, once, and says why; a second daemon is refused (reality 2.24)', async () => {
    const one = night();
    const daemon = one.start('serve', '--no-metrics');
    try {
      await until('the run', () => statesOf(one).includes('done'));
      const second = await one.type('serve', '--no-metrics');
      assert.equal(second.status, 75, second.stderr);
      assert.match(second.stderr, /already-serving/);
      const shown = JSON.parse((await one.type('jobs', '--json')).stdout);
      assert.equal(shown.watched, true);
      assert.deepEqual([shown.jobs[0].state, shown.jobs[0].missed[0].madeUp], ['done', true]);
      assert.equal(await stopped(daemon), 0);
      assert.deepEqual(statesOf(one), ['done']);
      assert.match(daemon.said.stderr, /made up: it was due at .* nothing watched for it/);
      assert.equal(JSON.parse((await one.type('jobs', '--json')).stdout).watched, false);
    } finally {
      await stopped(daemon);
      one.close();
    }
  });

  const moments: Readonly<Record<string, (one: Night) => boolean>> = {
    'when a start is decided': (one) => markOf(one)?.decided != null,
    'when its run has begun': (one) => statesOf(one).length > 0,
    'when its first step is tried': (one) =>
      (one.journal((runs, entriesOf) => entriesOf(runs[0]?.id ?? '').length) ?? 0) > 0,
    'when its steps expand': (one) =>
      one.journal((runs, entriesOf) => entriesOf(runs[0]?.id ?? '').some(({ path }) => path.includes('>'))) ?? false,
    'when its run is done': (one) => statesOf(one)[0] === 'done',
  };

  for (const [moment, reached] of Object.entries(moments))
    it(`killed (kill -9) ${moment}, loses no start and doubles none`, async () => {
      const one = night();
      try {
        const first = one.start('serve', '--no-metrics');
        await until(moment, () => reached(one));
        await killed(first);
        const before = statesOf(one);
        const second = one.start('serve', '--no-metrics');
        await until('a run that is done', () => statesOf(one)[0] === 'done');
        await pause(1500);
        assert.equal(await stopped(second), 0, second.output());
        const states = statesOf(one);
        assert.equal(states.filter((state) => state === 'done').length, 1, states.join());
        assert.ok(
          states.slice(1).every((state) => state === 'aborted'),
          states.join(),
        );
        assert.ok(states.length <= 2 && states.length >= before.length, states.join());
        for (const { id } of one.journal((runs) => runs) ?? [])
          assert.deepEqual(leftBehind(id, one.image, one.copies), []);
        const cycle = markOf(one)?.decided?.cycle ?? '';
        assert.equal(cycle, `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`);
      } finally {
        one.close();
      }
    });

  it('told to stop while a run goes on stops and undoes it, leaves within its time, and makes up for it when it comes again', async () => {
    const one = night();
    try {
      const first = one.start('serve', '--no-metrics');
      await until('the first step', () => moments['when its first step is tried']?.(one));
      assert.equal(await stopped(first), 0, first.output());
      const [state] = statesOf(one);
      for (const { id } of one.journal((runs) => runs) ?? [])
        assert.deepEqual(leftBehind(id, one.image, one.copies), []);
      if (state !== 'done') assert.equal(state, 'interrupted');
      const second = one.start('serve', '--no-metrics');
      await until('a run that is done', () => statesOf(one)[0] === 'done');
      assert.equal(await stopped(second), 0);
      assert.equal(statesOf(one).filter((each) => each === 'done').length, 1);
    } finally {
      one.close();
    }
  });

  it('has a run stopped that a person cancels, and does not make up for it', async () => {
    const one = night();
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${join(one.folder, 'tree', 'big')}`,
      'bs=1M',
      'count=200',
      'status=none',
    ]);
    rmSync(one.image);
    imageOf(one.image, join(one.folder, 'tree'), 400);
    const daemon = one.start('serve', '--no-metrics');
    try {
      const run = await until('a run', () => one.journal((runs) => runs[0]?.id));
      const { stdout } = await one.type('cancel', run);
      const state = statesOf(one)[0];
      assert.ok(state === 'interrupted' || state === 'done', `${state}: ${stdout}`);
      await pause(2000);
      assert.equal(statesOf(one).length, 1, 'nobody wants it made up');
      assert.deepEqual(leftBehind(run, one.image, one.copies), []);
      assert.equal(await stopped(daemon), 0, daemon.output());
    } finally {
      one.close();
    }
  });
});
