// Every destination has one owner (DESIGN 5, rule 3): a layer deletes what it no longer keeps, and must not find another
// layer's points below its own folder.
import { posix } from 'node:path';
import type { Destination } from '../../contracts/layer.ts';
import type { LayerEntry } from '../../model/estate.ts';
import { type Path, type Remark, remark, showPath } from '../problem.ts';

export type Placed = Readonly<{ path: Path; entry: LayerEntry; destinations: readonly Destination[] }>;

type Owned = Readonly<{ machine: string; folder: string; path: Path; layer: string }>;

const owned = ({ path, entry, destinations }: Placed): readonly Owned[] =>
  destinations.map(({ machine, folder }) => ({
    machine,
    folder: `${posix.resolve('/', folder)}/`.replace('//', '/'),
    path,
    layer: entry.name,
  }));

// Sorted by machine and folder, a folder comes right before everything below it.
const order = (one: Owned, other: Owned): number => {
  const [first, second] = [`${one.machine}\0${one.folder}`, `${other.machine}\0${other.folder}`];
  return first < second ? -1 : first > second ? 1 : 0;
};

/** @param placeOf `file:line:column` of the other layer, so that both places are named */
export function destinationRemarks(layers: readonly Placed[], placeOf: (path: Path) => string): readonly Remark[] {
  const remarks: Remark[] = [];
  let outer: Owned | undefined;
  for (const inner of layers.flatMap(owned).sort(order)) {
    const inside = outer !== undefined && outer.machine === inner.machine && inner.folder.startsWith(outer.folder);
    if (!inside || outer === undefined) outer = inner;
    else if (outer.layer !== inner.layer) remarks.push(overlap(inner, outer, placeOf));
  }
  return remarks;
}

function overlap(inner: Owned, outer: Owned, placeOf: (path: Path) => string): Remark {
  const relation = inner.folder === outer.folder ? 'the very folder of' : `inside ${outer.folder}, the folder of`;
  const other = `${outer.layer} (${showPath(outer.path)} at ${placeOf(outer.path)})`;
  return remark(
    inner.path,
    `writes to ${inner.folder} on ${inner.machine}, ${relation} ${other}; give each a folder of its own`,
  );
}
