// The looks of the daemon with a real state on a disk, and a clock that the test moves.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { planOf, put } from '../../test/engine-world.ts';
import { openJournal } from '../journal/journal.ts';
import { openScheduleMemory } from '../journal/schedule-memory.ts';
import type { Schedule } from '../model/estate.ts';
import type { Outcome, RunId } from '../model/run.ts';
import type { Look } from '../model/schedule.ts';
import { steppedClock } from '../proxmox/clock.test-support.ts';
import type { Start } from '../schedule/decision.ts';
import { timetableOf } from '../schedule/timetable.ts';
import { days, hours, minutes, seconds } from '../values/duration.ts';
import { type Elsewhere, look } from './look.ts';

const nothing: Elsewhere = { runs: new Map(), zones: new Map(), unknown: new Map() };

function desk(schedules: readonly Schedule[]) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-look-'));
  const clock = steppedClock();
  const timetable = timetableOf({ schedules, time_zone: 'Europe/Berlin', sections: {} });
  let journal = openJournal(folder, clock);
  let memory = openScheduleMemory(folder);
  let last: Look | undefined;
  const said: string[] = [];
  const starts: { job: string; start: Start }[] = [];
  const begin = (job: string, id: RunId, outcome?: Outcome) => {
    journal.begin({
      ...{ id, job: `run:${job}`, startedBy: 'test', startedAt: clock.now(), supervisor: 1, plan: planOf([put('a')]) },
      ...{ connections: { pve: [], pbs: [], machines: [], kubernetes: [] }, consent: { upTo: 'adds', confirmed: [] } },
    });
    if (outcome !== undefined) journal.finish(id, outcome, 'as told');
  };
  return {
    ...{ clock, said, starts, begin },
    memory: () => memory,
    journal: () => journal,
    look: (start: (job: string, start: Start) => void = (job, one) => begin(job, one.run, 'done')) => {
      const looked = look({
        ...{ clock, memory, last, timetable, elsewhere: nothing, beginning: new Set<string>(), going: 0 },
        start: (job, one) => {
          starts.push({ job, start: one });
          start(job, one);
        },
        say: (line) => void said.push(line),
      });
      last = looked.now;
      return looked;
    },
    /** another process comes: it knows what is on the disk, and nothing else */
    restart: () => {
      journal.close();
      memory.close();
      journal = openJournal(folder, clock);
      memory = openScheduleMemory(folder);
      last = memory.look();
    },
    close: () => {
      journal.close();
      memory.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const photos = { job: 'photos', schedule: '02:30' };

describe('a look at the clock', () => {
  it('has written down what it starts before that starts; a kill right then loses nothing and doubles nothing', () => {
    const one = desk([photos]);
    try {
      one.look();
      one.clock.step(days(1));
      assert.throws(
        () =>
          one.look(() => {
            throw new Error('killed');
          }),
        /killed/,
      );
      one.restart();
      one.look();
      one.restart();
      one.look();
      const [first, second, ...more] = one.starts;
      assert.deepEqual([first?.start.run, more], [second?.start.run, []]);
      assert.equal(one.journal().runs(10).length, 1);
    } finally {
      one.close();
    }
  });

  it('settles a job once, also where two daemons look at one moment', () => {
    const one = desk([photos]);
    try {
      one.look();
      const before = one.memory().marks().get('photos');
      assert.ok(before !== undefined);
      one.clock.step(hours(1));
      const at = one.clock.now();
      const behind = { ...before, handled: at };
      assert.equal(one.memory().settle('photos', before, behind, [], at), true);
      assert.equal(one.memory().settle('photos', before, { ...before, since: at }, [], at), false);
      assert.deepEqual(one.memory().marks().get('photos'), behind);
    } finally {
      one.close();
    }
  });

  it('forgets a job that is scheduled no more: should it come again, what was due meanwhile is no concern of it', () => {
    const one = desk([photos]);
    try {
      one.look();
      const other = desk([]);
      other.close();
      one
        .memory()
        .settle('gone', undefined, { ...(one.memory().marks().get('photos') ?? assert.fail()) }, [], one.clock.now());
      one.look();
      assert.deepEqual([...one.memory().marks().keys()], ['photos']);
      assert.ok(one.said.some((line) => line.startsWith('photos: is watched')));
      assert.equal(one.memory().events(10, 'gone')[0]?.event, 'forgotten');
    } finally {
      one.close();
    }
  });

  it('says when the next one is due, to the second', () => {
    const one = desk([photos, { job: 'offsite', after: ['photos'] }]);
    try {
      one.look();
      assert.equal(one.look().next, '2026-02-01T01:30:00.000Z');
    } finally {
      one.close();
    }
  });

  it('every hour for a year, with a real journal, starts each night once, in seconds', () => {
    const one = desk([photos, { job: 'weekly', schedule: 'sun 02:00' }, { job: 'offsite', after: ['photos'] }]);
    const began = performance.now();
    try {
      // One look more: what follows another is found by the look behind it.
      for (let hour = 0; hour <= 8761; hour += 1) {
        one.look();
        if (hour % 1000 === 999) one.restart();
        one.clock.step(hours(1));
      }
      const spent = performance.now() - began;
      const of = (job: string) => one.starts.filter((each) => each.job === job).map(({ start }) => start.cycle);
      assert.deepEqual([of('photos').length, of('weekly').length, of('offsite').length], [365, 53, 365]);
      assert.equal(new Set(of('photos')).size, 365);
      const runs = one.journal().runs(-1);
      assert.equal(runs.length, 365 + 53 + 365);
      assert.ok(spent < 60_000, `${Math.round(spent)} ms`);
    } finally {
      one.close();
    }
  });

  it('makes up after a run that died with its daemon, and says so', () => {
    const one = desk([photos]);
    try {
      one.look();
      one.clock.step(days(1));
      one.look((job, { run }) => one.begin(job, run));
      one.restart();
      one.look();
      assert.equal(one.starts.length, 1, 'as long as the journal has it running, nothing is started beside it');
      one.journal().finish(one.starts[0]?.start.run ?? '', 'aborted', 'its supervisor died');
      one.look();
      assert.equal(one.starts.length, 2);
      assert.match(
        one.starts[1]?.start.because.join() ?? '',
        /made up once: its run .* was aborted \(its supervisor died\)/,
      );
      one.clock.step(minutes(5));
      one.look();
      assert.equal(one.starts.length, 2);
    } finally {
      one.close();
    }
  });

  it('says that the clock was stepped', () => {
    const one = desk([photos]);
    try {
      const clock = { ...one.clock, sinceBoot: () => ({ boot: 'one', elapsed: seconds(10) }) };
      Object.assign(one.clock, { sinceBoot: clock.sinceBoot });
      one.look();
      one.clock.step(days(3));
      one.look();
      assert.match(one.said.join('\n'), /the clock was put forward by 259200 s/);
      assert.match(one.starts[0]?.start.because.join() ?? '', /the clock was put forward/);
    } finally {
      one.close();
    }
  });
});
