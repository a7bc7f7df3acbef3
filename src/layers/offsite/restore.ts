// The plan of bringing a copy back into an empty folder of the machine that the layer runs on. Pure.
import { dirname } from 'node:path';
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { Step } from '../../model/step.ts';
import { digestOf, type Json } from '../../values/canonical.ts';
import { hours } from '../../values/duration.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, targetRef } from '../common/points/places.ts';
import { isGeneration } from '../common/trees/generation/parts.ts';
import { planTreeRestore, type TreeEntry } from '../common/trees/restore-plan.ts';
import { scopeOf } from '../common/trees/scope.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { sourcesOf } from './layers-of.ts';
import { isPacked } from './pack.ts';
import { copyRef, placeRef } from './places.ts';
import type { OffsiteEntry } from './schema.ts';

const inPlace = 'a copy is not put back in place of what is there now: bring it into an empty folder, then move it';

/** The copy as one of the layer that made the point, lying on the machine that it is brought back to. */
export function planOfFetched(entry: OffsiteEntry, wish: RestoreWish, scouted: Json): Planned {
  const { layer, kind, workload } = wish.point.manifest;
  const own: TreeEntry = {
    ...{
      name: layer,
      kind,
      workload,
      machine: entry.machine,
      keep: entry.keep,
      to: dirname(dirname(wish.point.folder)),
    },
    ...{ restore_devices: entry.restore_devices, identity: entry.identity },
  };
  return planTreeRestore(own, wish, inPlace, scouted);
}

/**
 * What is known of a part before anything is fetched: whether it is in the copy, where somebody can look into that; else only that the
 * path is one, and the rest is known when it was fetched.
 */
export async function scoutCopy(
  entry: OffsiteEntry,
  wish: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (wish.only === undefined) return null;
  scopeOf(wish.only);
  const { machine, manifest } = wish.point;
  const isNear = entry.remote === undefined && world.machine(machine).rsyncOnly === undefined;
  return isNear && !isPacked(manifest) ? scoutTree(entry, wish, world, signal) : null;
}

export function planRestore(
  entry: OffsiteEntry,
  { point, target, only: typed }: RestoreWish,
  { layers: all }: LayerContext,
  scouted: Json = null,
): Planned {
  const only = typed === undefined ? undefined : scopeOf(typed).text;
  const judged = planOfFetched(entry, { point, target, only: scouted === null ? undefined : only }, scouted);
  if (target === undefined || judged.refusals.length > 0) return { ...judged, steps: [] };
  const { layers } = sourcesOf(entry, all);
  const { manifest, folder, bytes } = point;
  const of = `${manifest.layer} ${manifest.id}`;
  const what = only === undefined ? `${of} (${formatSize(sizeOf(bytes))})` : `only ${shown(only)} of ${of}`;
  const fetch: Step = {
    id: 'fetch',
    kind: 'offsite.fetch',
    subject: copyRef(entry.name, manifest.layer, manifest.id),
    act: 'do',
    title: `bring ${what} from ${shown(folder)}, and restore it below ${shown(target)}`,
    because: [`the copy ${manifest.id} was chosen, taken at ${manifest.takenAt}`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, target)],
    risk: 'adds',
    needs: [],
    expects: [
      { subject: targetRef(entry.machine, target), says: 'the target is an empty folder or none', digest: emptyOrNone },
    ],
    given: asGiven({
      ...{ entry, layers, layer: manifest.layer, name: folder.slice(folder.lastIndexOf('/') + 1) },
      ...{ manifest: digestOf(manifest), target, only, generation: isGeneration(manifest) },
    }),
    wayBack: 'undo',
    expands: true,
    patience: hours(6),
  };
  return { steps: [fetch], notes: [...judged.notes, noteOf(entry)], refusals: [] };
}

export const emptyOrNone = digestOf('an empty folder, or none, in one that nobody else may write to');

const noteOf = (entry: OffsiteEntry) =>
  ({
    subject: placeRef(entry),
    level: 'info',
    says: `it is fetched to ${entry.machine} first, beside the target, and compared with its manifest before anything is unpacked`,
  }) as const;
