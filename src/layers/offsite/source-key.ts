// Which points of a layer are of one source, for whoever does not know the layer: by all that its manifests say of the source but for
// what changes from point to point. Too many groups keep too much; too few would remove what is still needed.
import type { Manifest } from '../../model/restore-point.ts';
import { digestOf } from '../../values/canonical.ts';
import type { SourceKey } from '../common/points/source.ts';

const changing = ['size', 'snapshot', 'snapshot_taken', 'snapshots_of', 'label', 'version', 'named'];

export function sourceKeyOf({ source }: Pick<Manifest, 'source'>): SourceKey {
  // A line of snapshots is one volume, whatever it is called meanwhile (common/lvm).
  if (source['line'] !== undefined) return { line: source['line'] };
  return Object.fromEntries(Object.entries(source).filter(([field]) => !changing.includes(field)));
}

/** Points of one layer and one source: they take each other's place, and are sent as changes of each other. */
export const seriesOf = (manifest: Pick<Manifest, 'layer' | 'source'>): string =>
  digestOf([manifest.layer, sourceKeyOf(manifest)]);
