// What runs that are over have left of this layer: snapshots without a seal. Nobody can restore from them, and they cost the pool
// room as long as they are there. Pure.
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { hours, minutes } from '../../values/duration.ts';
import { between, type Instant, parseInstant } from '../../values/instant.ts';
import { asGiven } from '../common/given.ts';
import { oneLane } from '../common/lvm/lanes.ts';
import { isOfRun, readName } from '../common/lvm/names.ts';
import type { Volume } from '../common/lvm/report.ts';
import { volumeRef } from '../common/lvm/snapshots.ts';
import { readTags } from '../common/lvm/tags.ts';
import type { LvmThinEntry } from './schema.ts';

/** A job never runs twice at the same time from one place; should there be two places, an hour is longer than any snapshot takes. */
const oldEnough = hours(1);

export const sweepSteps = (
  entry: LvmThinEntry,
  volumes: readonly Volume[],
  run: RunId,
  now: Instant,
): readonly Step[] =>
  volumes.filter((volume) => isLeftover(entry, volume, run, now)).map((volume, nth) => sweepStep(entry, volume, nth));

function isLeftover({ name: layer }: LvmThinEntry, { name, tags: found }: Volume, run: RunId, now: Instant): boolean {
  const own = readName(name);
  const { tags, problem } = readTags(found);
  if (own === undefined || own.role !== undefined || problem !== undefined || isOfRun(name, run)) return false;
  const taken = parseInstant(tags.taken ?? '');
  if (taken === undefined || between(taken, now) < oldEnough) return false;
  return tags.layer === layer && tags.sealed === undefined && tags.held === undefined;
}

const sweepStep = ({ name: layer, machine, volume_group: vg }: LvmThinEntry, volume: Volume, nth: number): Step => ({
  id: `sweep-${volume.name}`,
  kind: 'lvm-thin.remove',
  subject: volumeRef(machine, vg, volume.name),
  act: 'do',
  title: `remove ${volume.name}, which a run that is over has begun and never sealed`,
  because: ['nobody can restore from it, and it takes room in the pool'],
  changes: [],
  after: [],
  lanes: oneLane(machine, vg, nth),
  risk: 'none',
  needs: [],
  expects: [],
  given: asGiven({ layer, machine, vg, lv: volume.name, uuid: volume.uuid, tags: volume.tags }),
  wayBack: 'one-way',
  expands: false,
  patience: minutes(15),
});
