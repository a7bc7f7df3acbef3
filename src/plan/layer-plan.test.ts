// Which restore point is offered first, at three in the morning, to somebody who does not choose.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldBeforeRestore, type RestorePoint } from '../model/restore-point.ts';
import type { Instant } from '../values/instant.ts';
import { rankPoints } from './layer-plan.ts';

const pointAt = (takenAt: string, held?: string): RestorePoint =>
  ({ manifest: { id: takenAt, takenAt }, held }) as unknown as RestorePoint;
const order = (points: readonly RestorePoint[], lostAt?: string) =>
  rankPoints(points, lostAt as Instant | undefined).map(({ point }) => point.manifest.id.slice(8, 10));

const monday = pointAt('2026-11-16T03:00:00.000Z');
const tuesday = pointAt('2026-11-17T03:00:00.000Z');
const wednesday = pointAt('2026-11-18T03:00:00.000Z', 'the auditors asked for it');
const putAway = pointAt('2026-11-19T03:00:00.000Z', heldBeforeRestore('run-1'));

describe('ways back', () => {
  it('begin with the newest point, held by somebody or not', () =>
    assert.deepEqual(order([monday, wednesday, tuesday]), ['18', '17', '16']));

  it('end with what a restore has put away, though it is the newest: it may be the damage itself', () => {
    assert.deepEqual(order([putAway, monday, wednesday]), ['18', '16', '19']);
    assert.match(rankPoints([monday, putAway], undefined)[1]?.because ?? '', /put away, to take it back/);
    assert.deepEqual(order([putAway]), ['19'], 'and are still ways back');
  });

  it('leave out what was taken after the loss', () =>
    assert.deepEqual(order([putAway, monday, tuesday], '2026-11-16T12:00:00.000Z'), ['16']));
});
