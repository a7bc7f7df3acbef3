// Every destination has one owner (DESIGN 5, rule 3): a layer deletes what it no longer keeps, and must not find another
// layer's points below its own folder, whatever name the machine has there; nor the chunks of a PBS.
import { posix } from 'node:path';
import type { Destination } from '../../contracts/layer.ts';
import type { LayerEntry, PbsServer } from '../../model/estate.ts';
import type { Route } from '../../model/route.ts';
import type { SameHost } from '../../model/route-graph.ts';
import { type Path, type Remark, remark, showPath } from '../problem.ts';

export type Placed = Readonly<{
  path: Path;
  entry: LayerEntry;
  destinations: readonly Destination[];
  routes: readonly Route[];
}>;

type Owned = Readonly<{
  /** one word for all names of the host; of remotes, what no host is called */
  host: string;
  machine: string;
  folder: string;
  path: Path;
  owner: string;
}>;

const asFolder = (path: string): string => `${posix.resolve('/', path)}/`.replace('//', '/');

function ownedByLayer({ path, entry, destinations, routes }: Placed, hostOf: SameHost): readonly Owned[] {
  const about = { path, owner: entry.name };
  const folders = destinations.map(({ machine, folder }) => ({
    ...about,
    ...{ host: hostOf(machine), machine: `on ${machine}`, folder: asFolder(folder) },
  }));
  const remotes = routes.flatMap(({ writes }) => {
    const [, name, at] = writes.what === 'remote' ? (/^([^:]*):(.*)$/.exec(writes.at) ?? []) : [];
    if (name === undefined || at === undefined) return [];
    return [{ ...about, host: `remote ${name}`, machine: `of the remote ${name}`, folder: asFolder(at) }];
  });
  return [...folders, ...remotes];
}

/** Garbage collection and a removed datastore let go of what lies below its path. */
const ownedByPbs = (pbs: readonly PbsServer[], hostOf: SameHost): readonly Owned[] =>
  pbs.flatMap(({ name, datastores }, index) =>
    datastores.flatMap((store, at): readonly Owned[] => {
      const { path } = store as Readonly<{ path?: unknown }>;
      if (typeof path !== 'string' || !path.startsWith('/')) return [];
      return [
        {
          ...{ host: hostOf(name), machine: `on ${name}`, folder: asFolder(path) },
          ...{ path: ['pbs', index, 'datastores', at], owner: `the datastore ${store.name}` },
        },
      ];
    }),
  );

// Sorted by host and folder, a folder comes right before everything below it.
const order = (one: Owned, other: Owned): number => {
  const [first, second] = [`${one.host}\0${one.folder}`, `${other.host}\0${other.folder}`];
  return first < second ? -1 : first > second ? 1 : 0;
};

/**
 * @param placeOf `file:line:column` of the other layer, so that both places are named
 * @param hostOf the same word for every name of one host
 */
export function destinationRemarks(
  layers: readonly Placed[],
  pbs: readonly PbsServer[],
  hostOf: SameHost,
  placeOf: (path: Path) => string,
): readonly Remark[] {
  const remarks: Remark[] = [];
  let outer: Owned | undefined;
  const all = [...layers.flatMap((layer) => ownedByLayer(layer, hostOf)), ...ownedByPbs(pbs, hostOf)];
  for (const inner of all.sort(order)) {
    const inside = outer !== undefined && outer.host === inner.host && inner.folder.startsWith(outer.folder);
    if (!inside || outer === undefined) outer = inner;
    // Two datastores are told of by a plan, which knows those of the servers, too.
    else if (outer.owner !== inner.owner && !(isOfPbs(outer) && isOfPbs(inner)))
      remarks.push(isOfPbs(inner) ? overlap(outer, inner, placeOf) : overlap(inner, outer, placeOf));
  }
  return remarks;
}

const isOfPbs = ({ path }: Owned): boolean => path[0] === 'pbs';

/** @param one the layer that is told to go elsewhere */
function overlap(one: Owned, other: Owned, placeOf: (path: Path) => string): Remark {
  const relation =
    one.folder === other.folder
      ? 'the very folder of'
      : one.folder.startsWith(other.folder)
        ? `inside ${other.folder}, the folder of`
        : `around ${other.folder}, the folder of`;
  const host = one.machine === other.machine ? '' : ` ${other.machine}, which is the same host`;
  const at = `${other.owner}${host} (${showPath(other.path)} at ${placeOf(other.path)})`;
  return remark(one.path, `writes to ${one.folder} ${one.machine}, ${relation} ${at}; give each a folder of its own`);
}
