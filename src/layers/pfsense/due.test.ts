import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../../model/restore-point.ts';
import { type Instant, instantAt } from '../../values/instant.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { archiveDue } from './due.ts';

const taken = (at: Instant): RestorePoint => ({ manifest: { id: at, takenAt: at } }) as unknown as RestorePoint;
const weekly = { archive: 'weekly', archive_from: 'mon' } as const;
const day = 86_400_000;

/** A run each day at five; what is due is taken. */
function daily(from: number, days: number, entry: Parameters<typeof archiveDue>[0], zone = 'UTC'): readonly Instant[] {
  const archives: Instant[] = [];
  for (let count = 0; count < days; count += 1) {
    const now = instantAt(from + count * day);
    if (archiveDue(entry, archives.map(taken), now, zone as TimeZone).due) archives.push(now);
  }
  return archives;
}
const weekdayOf = (at: Instant): number => (new Date(at).getUTCDay() + 6) % 7;

describe('an archive', () => {
  it('is taken once in every ISO week of ten years, over every turn of the year, and on its Monday (reality 6.22)', () => {
    const archives = daily(Date.UTC(2020, 0, 6, 5), 3660, weekly);
    assert.equal(archives.length, Math.ceil(3660 / 7));
    assert.deepEqual([...new Set(archives.map(weekdayOf))], [0]);
  });

  it('of the week that two years share is taken once, by either year’s run', () => {
    // Monday 29 December 2025 to Sunday 4 January 2026 is week 1 of 2026.
    const old = [taken(instantAt(Date.UTC(2025, 11, 29, 5)))];
    const due = (at: number) => archiveDue(weekly, old, instantAt(at), 'UTC' as TimeZone).due;
    assert.equal(due(Date.UTC(2026, 0, 1, 5)), false);
    assert.equal(due(Date.UTC(2026, 0, 4, 23)), false);
    assert.equal(due(Date.UTC(2026, 0, 5, 0)), true);
  });

  it('is taken from its day on, and on a later one where that was missed', () => {
    const sunday = { archive: 'weekly', archive_from: 'sun' } as const;
    assert.deepEqual([...new Set(daily(Date.UTC(2026, 0, 5, 5), 70, sunday).map(weekdayOf))], [6]);
    const friday = { archive: 'weekly', archive_from: 'fri' } as const;
    const saturday = instantAt(Date.UTC(2026, 0, 10, 5));
    assert.equal(archiveDue(friday, [], saturday, 'UTC' as TimeZone).due, true);
    assert.equal(archiveDue(friday, [], instantAt(Date.UTC(2026, 0, 8, 5)), 'UTC' as TimeZone).due, false);
  });

  it('goes by the days of the estate’s zone', () => {
    const sundayNight = instantAt(Date.UTC(2026, 0, 4, 12));
    const old = [taken(instantAt(Date.UTC(2026, 0, 3, 12)))];
    assert.equal(archiveDue(weekly, old, sundayNight, 'UTC' as TimeZone).due, false);
    assert.equal(archiveDue(weekly, old, sundayNight, 'Pacific/Auckland' as TimeZone).due, true);
  });

  it('is taken each day, or never, where that is declared', () => {
    assert.equal(daily(Date.UTC(2026, 0, 5, 5), 9, { archive: 'daily', archive_from: 'mon' }).length, 9);
    assert.equal(daily(Date.UTC(2026, 0, 5, 5), 9, { archive: 'never', archive_from: 'mon' }).length, 0);
  });
});
