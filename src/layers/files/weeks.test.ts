// The link of each ISO week: which point it leads to, and that it never leads to nothing.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../../model/restore-point.ts';
import { type Instant, instantAt, systemClock } from '../../values/instant.ts';
import { type Place, placeWith, unlessRoot } from './place.test-support.ts';
import { weekLinks } from './weeks.ts';

const pointAt = (takenAt: string): Pick<RestorePoint, 'manifest' | 'folder'> => ({
  manifest: { takenAt: takenAt as Instant } as RestorePoint['manifest'],
  folder: `/backup/points/files/${takenAt}`,
});
const of = { root: '/backup/pvc-data', name: 'monitoring/grafana' };

describe('the links of weeks', () => {
  it('lead to the newest point of each ISO week, by the clock of the estate', () => {
    const times = ['2026-11-15T22:59:00.000Z', '2026-11-15T23:01:00.000Z', '2026-11-18T01:00:00.000Z'];
    assert.deepEqual(weekLinks(times.map(pointAt), { ...of, timeZone: 'Europe/Berlin' }), [
      { week: '2026-46', target: `../../../points/files/${times[0]}/tree` },
      { week: '2026-47', target: `../../../points/files/${times[2]}/tree` },
    ]);
    const weeks = weekLinks(times.map(pointAt), { ...of, timeZone: 'UTC' }).map(({ target }) => target.slice(22, 46));
    assert.deepEqual(
      weeks,
      [times[1], times[2]].map((time) => time),
    );
  });

  it('count the days about new year as ISO 8601 does', () => {
    const weekAt = (time: string) => weekLinks([pointAt(time)], { ...of, timeZone: 'UTC' })[0]?.week;
    assert.equal(weekAt('2027-01-03T12:00:00.000Z'), '2026-53');
    assert.equal(weekAt('2027-01-04T12:00:00.000Z'), '2027-01');
    assert.equal(weekAt('2024-12-30T12:00:00.000Z'), '2025-01');
  });
});

describe('the links of weeks on the disk', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('move on with each sealed generation, and go with the last one that retention removes', async () => {
    let now = Date.parse('2026-11-16T03:00:00Z');
    const clock = { ...systemClock, now: () => instantAt(now), sinceBoot: () => undefined };
    const outer = placeWith();
    const weeks = join(outer.folder, 'weeks');
    const place: Place = placeWith({ week_links: weeks, keep: { keep_last: 2 } }, clock);
    try {
      const name = place.data.slice(1);
      for (let day = 0; day < 9; day += 1) {
        writeFileSync(join(place.data, 'day'), String(day));
        const out = await place.protect(`run${day}`);
        assert.deepEqual([out.failed, out.degraded], [{}, []]);
        const week = day < 7 ? '2026-47' : '2026-48';
        assert.equal(readFileSync(join(weeks, week, name, 'day'), 'utf8'), String(day));
        for (const one of readdirSync(weeks)) assert.ok(existsSync(join(weeks, one, name)), `${one} leads somewhere`);
        now += 86_400_000;
      }
      assert.deepEqual(readdirSync(weeks), ['2026-48'], 'the points of the week before are gone, and so is its link');
      assert.ok(lstatSync(join(weeks, '2026-48', name)).isSymbolicLink());
      assert.match(readlinkSync(join(weeks, '2026-48', name)), /^\.\.\//, 'the disk may be mounted elsewhere');
      assert.equal((await place.points()).length, 2);
    } finally {
      place.close();
      outer.close();
    }
  });
});
