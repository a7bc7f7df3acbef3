// The sealed points that are to be copied, wherever they lie. A layer that cannot be read hides none of the others.
import { join } from 'node:path';
import { asFault, type FaultRecord } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { readPoints } from '../common/points/points.ts';
import type { Ends } from './ends.ts';
import { lookThere } from './look-there.ts';
import { fetchPicture } from './reader.ts';
import type { OffsiteEntry, SourceLayer } from './schema.ts';

export type SourcePoints = Readonly<{
  layer: SourceLayer;
  points: readonly RestorePoint[];
  unread: FaultRecord | undefined;
}>;

export async function readSources(
  entry: OffsiteEntry,
  layers: readonly SourceLayer[],
  ends: Ends,
  work: string,
  signal: AbortSignal,
): Promise<readonly SourcePoints[]> {
  const read: SourcePoints[] = [];
  for (const layer of layers)
    try {
      read.push({ layer, points: await pointsOf(entry, layer, ends, work, signal), unread: undefined });
    } catch (error) {
      signal.throwIfAborted();
      read.push({ layer, points: [], unread: asFault(error, layer.name).toJSON() });
    }
  return read;
}

async function pointsOf(
  entry: OffsiteEntry,
  layer: SourceLayer,
  { near, source }: Ends,
  work: string,
  signal: AbortSignal,
): Promise<readonly RestorePoint[]> {
  if (source.rsyncOnly === undefined) return (await readPoints(source, layer)).points;
  const picture = await fetchPicture({ near, far: source, folder: layer.to, work: join(work, 'points'), signal });
  const { copies } = await lookThere(picture, entry, [layer], { where: source.name, at: layer.to });
  return copies.map(({ point }) => point);
}
