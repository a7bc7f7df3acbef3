// Whether a job will go on to be done in its window (homelab-reality #1: the fleet grew, and one night the hour was not enough).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { days, hours, milliseconds, minutes } from '../values/duration.ts';
import { after, instantAt } from '../values/instant.ts';
import { forecastOf, type Took, usualOf } from './forecast.ts';

const first = instantAt(Date.UTC(2026, 5, 1, 2));
const nightly = (count: number, took: (night: number) => number): readonly Took[] =>
  Array.from({ length: count }, (_, night) => ({ at: after(first, days(night)), took: milliseconds(took(night)) }));
const now = after(first, days(20));

describe('the time a job takes', () => {
  it('is its median and its worst, and nothing before the first run', () => {
    assert.equal(usualOf([]), undefined);
    assert.deepEqual(usualOf(nightly(5, (night) => minutes(10 + night))), {
      runs: 5,
      median: minutes(12),
      worst: minutes(14),
    });
  });

  it('against its window is not known before there was a run', () => {
    assert.equal(forecastOf([], hours(1), now).fits, 'not known yet');
  });

  it('fits where it stays as it is, however one night stood out', () => {
    const steady = nightly(20, (night) => (night === 7 ? minutes(55) : minutes(20) + (night % 3) * 1000));
    assert.deepEqual(
      [forecastOf(steady, hours(1), now).fits, forecastOf(steady, hours(1), now).until],
      ['yes', undefined],
    );
  });

  it('will not fit from the day on to which its growth points, and says which (reality 2.1)', () => {
    const growing = nightly(20, (night) => minutes(20 + night));
    const { fits, until, says } = forecastOf(growing, hours(1), now);
    assert.equal(fits, 'not for long');
    assert.equal(until?.slice(0, 10), '2026-07-11');
    assert.match(says, /at this rate it will not fit from 2026-07-11/);
  });

  it('does not fit where a night was longer already', () => {
    const { fits, says } = forecastOf(
      nightly(10, (night) => (night === 3 ? hours(2) : minutes(5))),
      hours(1),
      now,
    );
    assert.equal(fits, 'no');
    assert.match(says, /longest of its last 10 runs took 2h, its window is 1h/);
  });

  it('does not speak of growth that shrinks, or that a few runs seem to show', () => {
    assert.equal(
      forecastOf(
        nightly(20, (night) => minutes(50 - night)),
        hours(1),
        now,
      ).until,
      undefined,
    );
    assert.equal(
      forecastOf(
        nightly(4, (night) => minutes(20 + night)),
        hours(1),
        now,
      ).until,
      undefined,
    );
  });
});
