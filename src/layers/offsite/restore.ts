// The plan of bringing a copy back into an empty folder of the machine that the layer runs on. Pure.
import { dirname } from 'node:path';
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { hours } from '../../values/duration.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, targetRef } from '../common/points/places.ts';
import { planTreeRestore, type TreeEntry } from '../common/trees/restore-plan.ts';
import { sourcesOf } from './layers-of.ts';
import { copyRef, placeRef } from './places.ts';
import type { OffsiteEntry } from './schema.ts';

const inPlace = 'a copy is not put back in place of what is there now: bring it into an empty folder, then move it';

/** The copy as one of the layer that made the point, lying on the machine that it is brought back to. */
export function planOfFetched(entry: OffsiteEntry, { point, target }: RestoreWish): Planned {
  const { layer, kind, workload } = point.manifest;
  const own: TreeEntry = {
    ...{ name: layer, kind, workload, machine: entry.machine, keep: entry.keep, to: dirname(dirname(point.folder)) },
    ...{ restore_devices: entry.restore_devices, identity: entry.identity },
  };
  return planTreeRestore(own, { point, target }, inPlace);
}

export function planRestore(entry: OffsiteEntry, wish: RestoreWish, { layers: all }: LayerContext): Planned {
  const { point, target } = wish;
  const judged = planOfFetched(entry, wish);
  if (target === undefined || judged.refusals.length > 0) return { ...judged, steps: [] };
  const { layers } = sourcesOf(entry, all);
  const { manifest, folder, bytes } = point;
  const fetch: Step = {
    id: 'fetch',
    kind: 'offsite.fetch',
    subject: copyRef(entry.name, manifest.layer, manifest.id),
    act: 'do',
    title: `bring ${manifest.layer} ${manifest.id} (${formatSize(sizeOf(bytes))}) from ${shown(folder)}, and restore it below ${shown(target)}`,
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
      ...{ manifest: digestOf(manifest), target },
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
    says: `it is fetched whole to ${entry.machine} first, beside the target, and compared with its manifest before anything is unpacked`,
  }) as const;
