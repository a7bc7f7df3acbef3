// What a plan says of routes: from the estate, the journal and what runs have noted; nothing is asked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neverRan } from './catalogue/job-history.ts';
import type { Remembered } from './contracts/world.ts';
import type { Holdfast } from './holdfast.ts';
import type { JobHistory } from './model/job-history.ts';
import { estateOf } from './routes/estates.test-support.ts';
import { routeNotes } from './routes-in-plan.ts';
import type { Surroundings } from './surroundings.ts';
import type { Json } from './values/canonical.ts';
import { days } from './values/duration.ts';
import { after, type Instant, systemClock } from './values/instant.ts';

const now = '2026-11-22T08:00:00.000Z' as Instant;
const surroundings = { clock: { ...systemClock, now: () => now } } as Surroundings;
/** A state whose journal knows these histories, or that has no journal yet. */
const holdfastWith = (histories: readonly JobHistory[] | undefined) => ({
  look: (() => histories) as Holdfast['look'],
  surroundings,
});
const text = `
estate: house
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers: [{ name: photos, kind: disk-image, machine: here, workload: photos, image: /srv/photos.img, to: /copies, keep: { keep_daily: 7 } }]
schedules: [{ job: photos, schedule: daily }]
`;

const said = async (
  estate: string,
  memory: Readonly<Record<string, Json>> = {},
  histories?: readonly JobHistory[],
): Promise<readonly string[]> => {
  const recall = (what: string): Remembered | undefined => {
    const value = memory[what];
    return value === undefined ? undefined : { value, at: now };
  };
  return routeNotes(holdfastWith(histories), { recall }, await estateOf(estate)).map(
    ({ level, subject, says }) => `${level} ${subject}: ${says}`,
  );
};
const samples = (aDay: number): Json =>
  Array.from({ length: 14 }, (_, day) => ({
    at: after(now, days(day - 13)),
    used: 900 + (day - 13) * aDay,
    total: 1000,
  }));

describe('routes in a plan', () => {
  it('are one line where nothing is wrong, in which unknown is not fine', async () => {
    assert.deepEqual(await said(text), [
      'info estate/house: routes: 1 source, 1 copy; 0 gaps; 0 carried twice; of 1 disk 0 are full within a year, 1 unknown. `holdfast routes` shows each, and looks at the disks',
    ]);
  });

  it('warn of a disk that is soon full as runs have seen it; not of one that does not grow (control)', async () => {
    const warnings = async (aDay: number) =>
      (await said(text, { 'space/here//copies/photos': samples(aDay) })).filter((line) => line.startsWith('warning'));
    assert.match((await warnings(10)).join(), /^warning disk\/.*: as last seen \(2026-11-22.*\) it is full in 10 days/);
    assert.deepEqual(await warnings(0), []);
    assert.deepEqual(await warnings(1), [], 'control: in more than 90 days');
  });

  it('warn of a pool as runs of lvm-thin have seen it, by the fuller of its data and its metadata', async () => {
    const pool = text.replace(/kind: disk-image.*/, 'kind: lvm-thin, machine: here, workload: photos, keep: {} }]');
    const figures = { machine: 'here', volumeGroup: 'pve', pool: 'data', dataPercent: 40, metadataPercent: 80 };
    const history: JobHistory = {
      ...neverRan({ name: 'photos', kind: 'lvm-thin', workload: 'photos', nextRun: undefined }),
      figures: { pools: [figures], databases: [], at: now },
    };
    const seen = Array.from({ length: 14 }, (_, day) => ({
      ...{ at: after(now, days(day - 13)), data: 40, metadata: 80 + 2 * (day - 13) },
    }));
    const warnings = async (memory: Readonly<Record<string, Json>>) =>
      (await said(pool, memory, [history])).filter((line) => line.startsWith('warning'));
    assert.match((await warnings({ 'lvm-pool/here/pve/data': seen })).join(), /pve%2Fdata.*it is full in 10 days/);
    assert.deepEqual(await warnings({}), [], 'control: nothing tells how it grows');
  });
});
