import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCalendarProblem } from './calendar.ts';
import { type DailyDuration, dailyDurationCovers, parseDailyDuration } from './calendar-daily.ts';
import vectors from './calendar-daily.vectors.json' with { type: 'json' };
import { type Instant, parseInstant } from './instant.ts';
import { parseTimeZone, utc } from './time-zone.ts';

const durationOf = (text: string): DailyDuration => {
  const read = parseDailyDuration(text);
  assert.ok(!isCalendarProblem(read), text);
  return read;
};
const moment = (text: string): Instant => {
  const known = parseInstant(text);
  assert.ok(known, text);
  return known;
};
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

describe('daily durations', () => {
  it('reads weekdays and both ends', () => {
    for (const { text, weekdays, start, end } of vectors.valid) {
      const read = durationOf(text);
      assert.deepEqual([read.weekdays, clock(read.start), clock(read.end)], [weekdays, start, end], text);
    }
  });

  it('refuses what ends before it begins, what no clock shows, and what is not all of it', () => {
    for (const text of [...vectors.invalid, '23:59-24:00', '8-12x', '8', 'mon', '8-12 ', 'xyz 8-12'])
      assert.ok(isCalendarProblem(parseDailyDuration(text)), text);
    assert.deepEqual(parseDailyDuration('mon 8:60-12'), { problem: 'minute 60 is above 59', at: 6 });
  });

  it('begins with its first minute and ends before its last', () => {
    for (const { text, at, covers } of vectors.covers)
      assert.equal(dailyDurationCovers(durationOf(text), moment(at), utc), covers, `${text} at ${at}`);
    assert.equal(dailyDurationCovers(durationOf('thu..fri 8:05-12'), moment('2026-07-16T08:04:59Z'), utc), false);
    assert.equal(dailyDurationCovers(durationOf('8-8'), moment('2026-07-16T08:00:00Z'), utc), false, 'equal ends');
  });

  it('goes by the clock and the weekday of the server', () => {
    const tokyo = parseTimeZone('Asia/Tokyo') ?? utc;
    const lateWednesday = moment('2026-07-15T23:30:00Z');
    assert.equal(dailyDurationCovers(durationOf('thu 8-12'), lateWednesday, tokyo), true);
    assert.equal(dailyDurationCovers(durationOf('thu 8-12'), lateWednesday, utc), false);
  });
});
