// Where copies lie at the target: `to/ENTRY/LAYER/`, and in it a folder for each copy.
import { join } from 'node:path';
import type { PointId } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { type Ref, ref } from '../../values/ref.ts';
import type { OffsiteEntry } from './schema.ts';

/** In `to/ENTRY/`: whose it is. */
export const markName = 'owner.json';
/** In the place of the manifest, where nobody could read back what was sent. */
export const unverifiedName = 'unverified.json';

/** Everything of this entry at the target; of an rclone remote as rclone has it. */
export const prefixOf = ({ to, remote, name }: Pick<OffsiteEntry, 'to' | 'remote' | 'name'>): string =>
  remote === undefined
    ? join(to ?? '/', name)
    : remote.endsWith(':') || remote.endsWith('/')
      ? `${remote}${name}`
      : `${remote}/${name}`;

/**
 * Where nothing can be renamed, a copy has the name that it was begun under, and its manifest alone makes it one. A second attempt has
 * another name: what was half sent can be neither overwritten nor deleted.
 */
export const attemptName = (id: PointId, run: RunId): string => `${id}~${run}`;

export const idOf = (name: string): PointId => name.split('~')[0] ?? name;

export const copyRef = (entry: string, layer: string, id: PointId): Ref => ref('offsite-copy', entry, layer, id);
export const placeRef = ({ name }: Pick<OffsiteEntry, 'name'>): Ref => ref('layer', name);
