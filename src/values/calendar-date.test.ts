import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import {
  dateOfDay,
  dayOfDate,
  formatDay,
  formatIsoWeek,
  isoWeekOfDay,
  lengthsOfMonth,
  weekdayOfDay,
} from './calendar-date.ts';

const anyDay = fc.integer({ min: -700_000, max: 700_000 });
const temporalDay = (day: number) => Temporal.PlainDate.from('1970-01-01').add({ days: day });

describe('calendar dates', () => {
  it('names every day as the platform does, with its weekday and ISO week', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const known = temporalDay(day);
        assert.deepEqual(dateOfDay(day), { year: known.year, month: known.month, day: known.day });
        assert.equal(dayOfDate(known.year, known.month, known.day), day);
        assert.equal(weekdayOfDay(day), known.dayOfWeek - 1);
        assert.deepEqual(isoWeekOfDay(day), { year: known.yearOfWeek, week: known.weekOfYear });
      }),
    );
  });

  it('carries a month or day beyond its range into the next', () => {
    assert.equal(dayOfDate(2026, 16, 1), dayOfDate(2027, 4, 1));
    assert.equal(dayOfDate(2026, 2, 30), dayOfDate(2026, 3, 2));
  });

  it('counts the last days of December to the week that has more of its days', () => {
    assert.equal(formatIsoWeek(dayOfDate(2025, 12, 30)), '2026-W01');
    assert.equal(formatIsoWeek(dayOfDate(2027, 1, 1)), '2026-W53');
    assert.equal(formatDay(dayOfDate(987, 6, 5)), '0987-06-05');
  });

  it('knows how long each month can be', () => {
    assert.deepEqual([1, 2, 4, 12].map(lengthsOfMonth), [[31], [28, 29], [30], [31]]);
  });
});
