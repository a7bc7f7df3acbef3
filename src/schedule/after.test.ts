// A job that follows others runs on what they have really made (homelab-reality L19), or says why it did not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hours, minutes } from '../values/duration.ts';
import { nights } from './nights.test-support.ts';

const photos = { job: 'photos', schedule: '02:00' };

describe('a job after another', () => {
  it('starts when the run of the same night has succeeded, not when it merely ended (reality 1.5a, L19, 6.20)', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [photos, { job: 'offsite', after: ['photos'] }] });
    night.state.ends = undefined;
    night.watch('2026-07-02T03:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('offsite'), []);
    assert.match(night.waitsOf('offsite').join(), /waits for photos, which is running since 2026-07-02 02:00Z/);
    night.end('photos', 'done');
    night.watch('2026-07-02T03:01:00Z', minutes(1));
    assert.deepEqual(night.startsOf('offsite'), ['2026-07-02T02:00']);
    assert.match(night.starts.at(-1)?.because.join() ?? '', /it waited since/);
  });

  for (const how of ['failed', 'partly', 'aborted', 'refused', 'interrupted'] as const)
    it(`does not start after a run that was ${how}; it says which, and takes the next night's (reality L19)`, () => {
      const night = nights('2026-07-01T12:00:00Z', {
        schedules: [
          { ...photos, catch_up: false },
          { job: 'offsite', schedule: '04:00', after: ['photos'] },
        ],
      });
      night.state.ends = how;
      night.watch('2026-07-02T12:00:00Z', minutes(1));
      assert.deepEqual(night.startsOf('offsite'), []);
      assert.match(night.waitsOf('offsite').join(), new RegExp(`waits for photos, which (was )?${how} in run run-1`));
      night.state.ends = 'done';
      night.watch('2026-07-03T12:00:00Z', minutes(1));
      assert.deepEqual(night.startsOf('offsite'), ['2026-07-03T04:00']);
      assert.match(night.missedOf('offsite')[0]?.says ?? '', /it waits for photos, which .* until it was due again/);
    });

  it('starts after a run that a person made good by hand', () => {
    const night = nights('2026-07-01T12:00:00Z', {
      schedules: [photos, { job: 'offsite', schedule: '04:00', after: ['photos'] }],
    });
    night.state.ends = 'failed';
    night.watch('2026-07-02T08:00:00Z', minutes(1));
    night.begin('photos', 'by-hand', 'done');
    night.watch('2026-07-02T08:01:00Z', minutes(1));
    assert.deepEqual(night.startsOf('offsite'), ['2026-07-02T04:00']);
  });

  it('takes a degraded run, unless only a whole one will do', () => {
    const schedules = [
      photos,
      { job: 'offsite', after: ['photos'] },
      { job: 'strict', after: [{ job: 'photos', needs: 'done' as const }] },
    ];
    const night = nights('2026-07-01T12:00:00Z', { schedules });
    night.state.ends = 'degraded';
    night.watch('2026-07-02T12:00:00Z', minutes(1));
    assert.deepEqual([night.startsOf('offsite'), night.startsOf('strict')], [['2026-07-02T02:00'], []]);
    assert.match(night.waitsOf('strict').join(), /was only degraded in run run-1/);
  });

  it('says of one that never started that it did not', () => {
    const night = nights('2026-07-01T12:00:00Z', {
      schedules: [{ job: 'offsite', schedule: '04:00', after: ['photos'] }, photos],
    });
    night.state.begins = false;
    night.watch('2026-07-02T05:00:00Z', minutes(1));
    assert.match(night.waitsOf('offsite').join(), /waits for photos, which did not start since 2026-07-02 02:00Z/);
  });

  it('daily after a weekly one goes by that of last week', () => {
    const night = nights('2026-07-01T12:00:00Z', {
      schedules: [
        { job: 'full', schedule: 'sun 01:00' },
        { job: 'offsite', schedule: '04:00', after: ['full'] },
      ],
    });
    night.watch('2026-07-08T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('offsite'), [
      '2026-07-05T04:00',
      '2026-07-06T04:00',
      '2026-07-07T04:00',
      '2026-07-08T04:00',
    ]);
  });

  it('and another, without a time of its own, runs once a night when both have', () => {
    const schedules = [
      { job: 'early', schedule: '23:00' },
      { job: 'late', schedule: '01:00' },
      { job: 'both', after: ['late', 'early'] },
    ];
    const night = nights('2026-07-01T12:00:00Z', { schedules });
    night.state.ends = undefined;
    night.watch('2026-07-02T02:00:00Z', minutes(10));
    night.end('late', 'done');
    night.watch('2026-07-02T03:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('both'), []);
    night.end('early', 'done');
    night.state.ends = 'done';
    night.watch('2026-07-05T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('both'), [
      '2026-07-02T01:00',
      '2026-07-03T01:00',
      '2026-07-04T01:00',
      '2026-07-05T01:00',
    ]);
  });

  it('that comes every week and one of every day runs once a week', () => {
    const schedules = [photos, { job: 'full', schedule: 'sun 03:00' }, { job: 'both', after: ['photos', 'full'] }];
    const night = nights('2026-07-01T12:00:00Z', { schedules });
    night.watch('2026-07-20T12:00:00Z', minutes(10));
    assert.deepEqual(night.startsOf('both'), ['2026-07-05T03:00', '2026-07-12T03:00', '2026-07-19T03:00']);
  });

  it('in a chain of three goes on to the end in one night, each once', () => {
    const schedules = [photos, { job: 'copy', after: ['photos'] }, { job: 'offsite', after: ['copy'] }];
    const night = nights('2026-07-01T12:00:00Z', { schedules });
    night.watch('2026-07-04T12:00:00Z', minutes(1));
    for (const job of ['photos', 'copy', 'offsite'])
      assert.deepEqual(night.startsOf(job), ['2026-07-02T02:00', '2026-07-03T02:00', '2026-07-04T02:00'], job);
    assert.match(night.waitsOf('offsite').join(), /waits for copy, which did not start/);
  });

  it('that nothing starts by a calendar runs after each good run of it, and after no bad one', () => {
    const night = nights('2026-07-01T12:00:00Z', { schedules: [{ job: 'offsite', after: ['photos'] }] });
    night.watch('2026-07-02T12:00:00Z', minutes(10));
    night.begin('photos', 'one', 'done');
    night.watch('2026-07-02T18:00:00Z', minutes(10));
    night.begin('photos', 'two', 'failed');
    night.watch('2026-07-03T00:00:00Z', minutes(10));
    assert.equal(night.starts.length, 1);
    night.begin('photos', 'three', 'degraded');
    night.watch('2026-07-03T06:00:00Z', minutes(10));
    assert.equal(night.starts.length, 2);
  });

  it('that PVE starts goes by what PVE says, and waits while PVE cannot be asked', () => {
    const night = nights('2026-07-01T12:00:00Z', {
      schedules: [{ job: 'offsite', schedule: '06:00', after: ['nightly'] }],
      backup_jobs: [{ name: 'nightly', schedule: '02:00' }],
    });
    night.watch('2026-07-02T02:00:00Z', minutes(10));
    night.begin('nightly', 'UPID:1', 'done');
    night.state.unknown.set('nightly', 'ruapehu does not answer');
    night.watch('2026-07-02T07:00:00Z', minutes(10));
    assert.deepEqual(night.starts, []);
    assert.match(
      night.waitsOf('offsite').join(),
      /nightly, of which nothing can be known now: ruapehu does not answer/,
    );
    night.state.unknown.clear();
    night.watch('2026-07-02T07:10:00Z', minutes(10));
    assert.deepEqual(night.startsOf('offsite'), ['2026-07-02T06:00']);
  });

  it('still starts after a restart in the middle of its wait, though nothing is made up for it', () => {
    const night = nights('2026-07-01T12:00:00Z', {
      schedules: [photos, { job: 'offsite', schedule: '04:00', after: ['photos'], catch_up: false }],
    });
    night.state.ends = undefined;
    night.watch('2026-07-02T05:00:00Z', minutes(1));
    night.pass(hours(3));
    night.end('photos', 'done');
    night.watch('2026-07-02T09:00:00Z', minutes(1));
    assert.deepEqual(night.startsOf('offsite'), ['2026-07-02T04:00']);
  });
});
