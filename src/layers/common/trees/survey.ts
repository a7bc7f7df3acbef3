// What a listing says of a part of its tree: whether it is there, what it holds, and which of its files have names elsewhere.
import { Fault } from '../../../fault.ts';
import { shown } from '../../../values/text.ts';
import { type Listed, pathOf } from './listed.ts';
import { nearNames } from './near-names.ts';
import { lies, type Scope } from './scope.ts';

const none = { files: 0, folders: 0, links: 0, others: 0, devices: 0, sockets: 0, bytes: 0 };

export type Survey = Readonly<{
  type: Listed['type'];
  counts: Readonly<typeof none>;
  /** the folders that lead to it, the root first */
  above: readonly Listed[];
  /** files that have names outside it, or may have; `many`: more than are remembered */
  linkedOutside: ReadonlySet<string> | 'many';
}>;

/** Enough for any folder that somebody brings back by its name; beyond, all of the point is unpacked. */
const mostLinked = 200_000;

/** @throws Fault `path-not-in-point` */
export async function survey(scope: Scope, point: string, listing: AsyncIterable<Listed>): Promise<Survey> {
  const near = nearNames(scope);
  const counts = { ...none };
  const above: Listed[] = [];
  const names = new Map<string, number>();
  let type: Listed['type'] | undefined;
  for await (const entry of listing) {
    const path = pathOf(entry);
    const where = lies(scope, path);
    if (where === 'above') above.push(entry);
    if (where === 'within') {
      if (path.length === scope.path.length) type = entry.type;
      tally(counts, entry);
      if (entry.links > 1 && names.size <= mostLinked) follow(names, entry);
    }
    near.see(path);
  }
  if (type === undefined) throw notThere(scope, point, near.deepest(), near.names());
  const linkedOutside = names.size > mostLinked ? 'many' : new Set(names.keys());
  return { type, counts, above: above.toSorted(byDepth), linkedOutside };
}

/** Whose every name was seen lies within, and is forgotten again. */
function follow(names: Map<string, number>, { file, links }: Listed): void {
  const seen = (names.get(file) ?? 0) + 1;
  if (seen === links) names.delete(file);
  else names.set(file, seen);
}

const byDepth = (one: Listed, other: Listed): number => pathOf(one).length - pathOf(other).length;

const counters = {
  ...({ file: 'files', folder: 'folders', link: 'links', fifo: 'others' } as const),
  ...({ socket: 'sockets', block: 'devices', character: 'devices' } as const),
};

function tally(counts: typeof none, { type, size }: Listed): void {
  counts[counters[type]] += 1;
  if (type === 'file') counts.bytes += size;
}

function notThere(scope: Scope, point: string, deepest: Buffer, names: readonly string[]): Fault {
  const there = deepest.length === 0 ? '' : `; ${shown(deepest.toString())} is`;
  return new Fault('path-not-in-point', {
    where: point,
    says: `${shown(scope.text)} is not in it${there}`,
    remedy:
      names.length === 0
        ? 'look for it in an older point (`--point`), or bring a folder above it back'
        : `near it is in there: ${names.join(', ')}; else look in an older point (\`--point\`)`,
  });
}
