// Which jobs start, which are made up for, which are lost and said to be.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { days, hours, minutes, seconds } from '../values/duration.ts';
import { nights } from './nights.test-support.ts';

const daily = { job: 'photos', schedule: '02:00' };

describe('a job with a schedule', () => {
  it('is pending after a first installation: what was due before is no concern of it', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-01T12:05:00Z', minutes(1));
    assert.deepEqual([night.starts, night.missedOf('photos')], [[], []]);
    assert.equal(night.marks.get('photos')?.since, '2026-07-01T12:00:00.000Z');
  });

  it('starts once at its time, each day', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-03T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00', '2026-07-03T02:00']);
    assert.deepEqual(night.starts[0]?.because, ['it is due at 2026-07-02 02:00Z']);
    assert.equal(night.starts[0]?.at, '2026-07-02T02:00:00.000Z');
    assert.deepEqual(night.missedOf('photos'), []);
  });

  it('starts by the zone of its schedule, or else by that of the estate', () => {
    const schedules = [
      { ...daily, time_zone: 'America/New_York' },
      { job: 'music', schedule: '02:00' },
    ];
    const night = nights('2026-07-01T12:00:00Z', { schedules, time_zone: 'Europe/Berlin' });
    night.watch('2026-07-02T12:00:00Z', minutes(10));
    assert.deepEqual([night.startsOf('photos'), night.startsOf('music')], [['2026-07-02T06:00'], ['2026-07-02T00:00']]);
  });

  it('is not started a second time while its run goes on; it says so, and starts when that ends', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.state.ends = undefined;
    night.watch('2026-07-03T04:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00']);
    assert.match(night.waitsOf('photos').join(), /its own run run-1, which goes on since 2026-07-02 02:00Z/);
    night.end('photos', 'done');
    night.watch('2026-07-03T04:10:00Z', minutes(10));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00', '2026-07-03T02:00']);
  });

  it('waits for its turn where many are due at once, and none is forgotten', () => {
    const schedules = Array.from({ length: 20 }, (_, index) => ({ job: `job-${index}`, schedule: '02:00' }));
    const night = nights('2026-07-01T12:00:00Z', { schedules });
    night.state.ends = undefined;
    night.watch('2026-07-02T02:05:00Z', minutes(1));
    assert.equal(night.starts.length, 8);
    assert.match(night.waitsOf('job-19').join(), /waits for its turn/);
    for (const { job } of night.starts.slice(0, 8)) night.end(job, 'done');
    night.state.ends = 'done';
    night.watch('2026-07-02T02:20:00Z', minutes(1));
    assert.equal(new Set(night.starts.map(({ job }) => job)).size, 20);
    assert.equal(night.starts.length, 20);
  });
});

describe('a start that was missed', () => {
  it('is written down and made up for once, with the reason; no backlog (reality 1.8c, 2.24)', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-01T13:00:00Z', minutes(1));
    night.pass(days(5));
    night.watch('2026-07-06T13:30:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-06T02:00']);
    assert.match(
      night.starts[0]?.because.join() ?? '',
      /made up: it was due at 2026-07-06 02:00Z, and nothing watched for it from 2026-07-01 13:00Z/,
    );
    assert.deepEqual(
      night
        .missedOf('photos')
        .map(({ from, until, count, madeUp }) => [from.slice(0, 10), until.slice(0, 10), count, madeUp]),
      [
        ['2026-07-02', '2026-07-05', 4, false],
        ['2026-07-06', '2026-07-06', 1, true],
      ],
    );
  });

  it('is written down and left where the estate says so', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [{ ...daily, catch_up: false }] });
    night.watch('2026-07-01T13:00:00Z', minutes(1));
    night.pass(hours(20));
    night.watch('2026-07-02T12:00:00Z', minutes(1));
    assert.deepEqual([night.starts, night.missedOf('photos').map(({ madeUp }) => madeUp)], [[], [false]]);
    night.watch('2026-07-03T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-03T02:00'], 'and the next one comes as ever');
  });

  it('is none where the look at the clock was only a little late', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [{ ...daily, catch_up: false }] });
    night.watch('2026-07-02T01:59:00Z', minutes(1));
    night.pass(seconds(150));
    night.tick();
    assert.deepEqual([night.startsOf('photos'), night.missedOf('photos')], [['2026-07-02T02:00'], []]);
  });

  it('is not lost by a change of its schedule while nothing watched', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-02T12:00:00Z', minutes(10));
    night.pass(hours(20));
    night.state.declared = { schedules: [{ job: 'photos', schedule: '06:00' }] };
    night.watch('2026-07-04T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00', '2026-07-03T02:00', '2026-07-04T06:00']);
    assert.match(night.starts[1]?.because.join() ?? '', /by the schedule it had before/);
  });

  it('is none by a change of the schedule alone: it is due from then on (reality 6.23)', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-02T12:00:00Z', minutes(10));
    night.state.declared = { schedules: [{ job: 'photos', schedule: 'sun 02:00' }] };
    night.watch('2026-07-06T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00', '2026-07-05T02:00']);
    assert.deepEqual(night.missedOf('photos'), []);
  });
});

describe('a start that was decided', () => {
  it('and whose run never began is begun later, under the same id: neither lost nor doubled', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.state.begins = false;
    night.watch('2026-07-02T02:00:00Z', minutes(1));
    assert.deepEqual(night.starts, []);
    night.state.begins = true;
    night.watch('2026-07-02T03:00:00Z', minutes(1));
    assert.deepEqual(
      night.starts.map(({ run, cycle }) => [run, cycle]),
      [['run-1', '2026-07-02T02:00:00.000Z']],
    );
    night.watch('2026-07-02T12:00:00Z', minutes(1));
    assert.equal(night.starts.length, 1);
  });

  it('and never began before it was due again is written down, and there is one start, not two', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.state.begins = false;
    night.watch('2026-07-02T02:00:00Z', minutes(1));
    night.state.begins = true;
    night.pass(hours(30));
    night.watch('2026-07-03T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-03T02:00']);
    assert.match(night.missedOf('photos')[0]?.says ?? '', /decided, and Holdfast ended before it began/);
  });

  for (const [how, cancelled, again] of [
    ['aborted', false, true],
    ['interrupted', false, true],
    ['interrupted', true, false],
    ['failed', false, false],
  ] as const)
    it(`and whose run was ${how}${cancelled ? ' by a person' : ''} is ${again ? '' : 'not '}made up for${again ? ', once' : ''}`, () => {
      const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
      night.state.ends = undefined;
      night.watch('2026-07-02T02:00:00Z', minutes(1));
      night.end('photos', how, { cancelled });
      night.watch('2026-07-02T02:10:00Z', minutes(1));
      assert.equal(night.starts.length, again ? 2 : 1);
      night.end('photos', how, { cancelled });
      night.watch('2026-07-02T12:00:00Z', minutes(1));
      assert.equal(night.starts.length, again ? 2 : 1, 'and not a third time');
      night.state.ends = 'done';
      night.watch('2026-07-03T02:00:00Z', minutes(1));
      assert.equal(night.startsOf('photos').at(-1), '2026-07-03T02:00');
    });
});

describe('a clock that is stepped', () => {
  it('back does not run again what ran, and loses nothing of what comes', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-02T02:10:00Z', minutes(1));
    night.step('2026-07-02T00:30:00Z');
    night.watch('2026-07-03T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-02T02:00', '2026-07-03T02:00']);
    assert.deepEqual(night.missedOf('photos'), []);
  });

  it('forward by days gives one start made up for, and says why', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-01T13:00:00Z', minutes(1));
    night.step('2026-07-20T13:00:00Z');
    night.watch('2026-07-21T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2026-07-20T02:00', '2026-07-21T02:00']);
    assert.match(night.starts[0]?.because.join() ?? '', /the clock was put forward/);
  });

  it('to a wrong year and back starts again the next night, and not ten years later', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily, { job: 'often', schedule: '*:0/5' }] });
    night.watch('2026-07-01T13:00:00Z', minutes(1));
    night.step('2036-03-05T13:00:00Z');
    night.watch('2036-03-05T14:00:00Z', minutes(1));
    night.step('2026-07-01T14:00:00Z');
    night.watch('2026-07-03T12:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('photos'), ['2036-03-05T02:00', '2026-07-02T02:00', '2026-07-03T02:00']);
    assert.equal(night.missedOf('photos').length, 2, 'ten years are one line, and the one made up for another');
    assert.equal(night.startsOf('often').filter((cycle) => cycle.startsWith('2026-07-02')).length, 288);
  });

  it('that was days ahead for days and is put right loses no night', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-01T13:00:00Z', minutes(10));
    night.step('2026-07-04T13:00:00Z');
    night.watch('2026-07-07T12:00:00Z', minutes(10));
    night.step('2026-07-04T12:00:00Z');
    night.watch('2026-07-08T12:00:00Z', minutes(10));
    const after = night.startsOf('photos').slice(-4);
    assert.deepEqual(after, ['2026-07-05T02:00', '2026-07-06T02:00', '2026-07-07T02:00', '2026-07-08T02:00']);
  });

  it('back while the machine was off, with no count to tell it by, stops nothing', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [daily] });
    night.watch('2026-07-02T12:00:00Z', minutes(10));
    night.state.boot = 'two';
    night.step('2026-06-20T12:00:00Z');
    night.watch('2026-06-22T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('photos').slice(1), ['2026-06-21T02:00', '2026-06-22T02:00']);
  });
});

describe('jitter', () => {
  const spread = { job: 'photos', schedule: '02:00', jitter: '40m' };

  it('is the same after a restart, differs by day and by job, and stays within its span', () => {
    const one = nights('2026-07-01T12:00:00Z', { schedules: [spread, { ...spread, job: 'music' }] });
    one.watch('2026-07-15T12:00:00Z', minutes(1));
    const other = nights('2026-07-01T12:00:00Z', { schedules: [spread, { ...spread, job: 'music' }] });
    other.watch('2026-07-15T12:00:00Z', minutes(1));
    assert.deepEqual(one.starts, other.starts);
    const times = one.starts.filter(({ job }) => job === 'photos').map(({ at }) => at.slice(11, 16));
    assert.equal(times.length, 14);
    assert.ok(
      times.every((at) => at >= '02:00' && at <= '02:41'),
      times.join(),
    );
    assert.ok(new Set(times).size > 7, times.join());
    const others = one.starts.filter(({ job }) => job === 'music').map(({ at }) => at.slice(11, 16));
    assert.notDeepEqual(times, others);
  });

  it('wider than the pause between two starts neither swallows nor swaps one', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [{ job: 'often', schedule: '*:0/15', jitter: '3h' }] });
    night.watch('2026-07-02T12:00:00Z', minutes(1));
    const cycles = night.startsOf('often');
    assert.ok(cycles.length >= 95, 'the last one may be yet to come');
    assert.deepEqual(cycles, cycles.toSorted());
  });
});
