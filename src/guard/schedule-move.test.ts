import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOfMove } from './schedule-move.ts';

const move = (from: string | undefined, to: string | undefined): string => classOfMove(from, to).class;

describe('a schedule that moves', () => {
  it('by up to six hours is neutral', () => {
    assert.equal(move('02:00', '02:00'), 'neutral');
    assert.equal(move('daily', '00:00'), 'neutral');
    assert.equal(move('02:00', '08:00'), 'neutral');
    assert.equal(move('22:00', '02:00'), 'neutral', 'over midnight, too');
    assert.equal(move('sat 18:15', 'sun 00:15'), 'neutral');
    assert.equal(move('monthly', '*-01 04:00'), 'neutral');
    assert.equal(move('*:*', '*:*'), 'neutral');
  });

  it('by more than that weakens', () => {
    assert.equal(move('02:00', '08:01'), 'weakens');
    assert.equal(move('02:00', '14:00'), 'weakens');
    assert.equal(move('mon 02:00', 'tue 02:00'), 'weakens');
    assert.equal(move('yearly', '07-01'), 'weakens');
  });

  it('between UTC and the zone of the server, by hours nobody can tell here, weakens', () => {
    assert.equal(move('02:00', '02:00 UTC'), 'weakens');
    assert.equal(move('02:00 UTC', '02:00'), 'weakens');
    assert.equal(move('02:00 UTC', '03:00 UTC'), 'neutral');
  });

  it('to longer pauses weakens, to shorter ones strengthens', () => {
    assert.equal(move('daily', 'mon..fri'), 'weakens');
    assert.equal(move('daily', 'weekly'), 'weakens');
    assert.equal(move('hourly', '0/2:00'), 'weakens');
    assert.equal(move('*:0/1', 'mon..fri *:0/1'), 'weakens', 'the week of the fastest schedules shows');
    assert.equal(move('daily', '0/6:00'), 'strengthens');
    assert.equal(move('weekly', 'daily'), 'strengthens');
  });

  it('is judged by whether there is one at all', () => {
    assert.equal(move(undefined, 'daily'), 'strengthens');
    assert.equal(move('daily', undefined), 'weakens');
    assert.equal(move('daily', ''), 'weakens');
    assert.equal(move('daily', '02-30'), 'weakens', 'a day that never comes');
    assert.equal(move('daily', 'gibberish'), 'weakens');
  });
});
