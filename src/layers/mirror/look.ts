// What must be done in this run: the journal says where to look, both sides are looked at there, and it is decided.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Path } from '../../model/change-journal.ts';
import type { Collapsed, Renamed } from '../../model/collapse-changes.ts';
import { asked, below, bornOut, type Decision, decide, overlaps } from './decide.ts';
import { toldByShare } from './from-share.ts';
import { linkedAmong, linkedComing, namesOf, tiedIn, withOthers } from './linked.ts';
import { type Moves, movesOf, renamedAll } from './moves.ts';
import { isBelow, type MirrorPlace, parentOf } from './places.ts';
import { differing, isDamaged, whatDiffers } from './rsync.ts';
import { isFolder, type States, statesOf } from './states.ts';

type Watched = Pick<StepContext, 'signal' | 'progress'>;

export type Wanted = Readonly<{
  changes: Collapsed;
  /** from the run before, by the names of then */
  owed: readonly Path[];
  excluded: readonly Path[];
  /** false on the first run: everything comes */
  mirrored: boolean;
}>;

export async function look(place: MirrorPlace, wanted: Wanted, watched: Watched): Promise<Decision> {
  const { signal } = watched;
  const out = (path: Path) => wanted.excluded.some((one) => path === one || isBelow(path, one));
  if (!wanted.mirrored) return whole(place, signal);
  const { moves, rescans } = await settled(place, wanted, out, signal);
  const files = movesOf(wanted.changes.renamed).moved.filter((one) => !one.folder && !out(one.from) && !out(one.to));
  const names = new Set<Path>(
    [
      ...wanted.changes.touched.map(({ path }) => path),
      ...wanted.changes.renamed.flatMap(({ from, to }) => [from, to]),
      ...renamedAll(wanted.owed, wanted.changes.renamed),
      ...rescans,
    ].filter((path) => !out(path)),
  );
  for (const path of await differences(place, rescans, wanted.excluded, watched)) names.add(path);
  for (let others = true; others; ) {
    const { share, mirror } = await both(place, names, moves, signal, files);
    const decision = decide({ names, moves, files, share, mirror });
    const named = new Map([...linkedAmong(share), ...(await linkedComing(place, decision, signal))]);
    const linked = withOthers(named);
    const more =
      linked.length === 0
        ? []
        : (await namesOf(place, linked, signal)).filter((path) => !named.has(path) && !names.has(path) && !out(path));
    for (const path of more) names.add(path);
    others = more.length > 0;
    if (!others) return { ...decision, tied: tiedIn(decision, named) };
  }
  throw new Error('unreachable');
}

async function both(
  place: MirrorPlace,
  names: Iterable<Path>,
  moves: Moves,
  signal: AbortSignal,
  files: Moves['moved'] = [],
) {
  const ask = asked(names, moves, files);
  const [share, mirror] = await Promise.all([
    statesOf(place.source, place.entry.from.folder, ask.share, signal),
    statesOf(place.machine, place.tree, ask.mirror, signal),
  ]);
  return { share, mirror };
}

/** The first run: the share as a whole. */
async function whole({ source, entry }: MirrorPlace, signal: AbortSignal): Promise<Decision> {
  const names = new Set<Path>(['']);
  const moves = movesOf([]);
  const share = await statesOf(source, entry.from.folder, names, signal);
  const mirror: States = new Map([['', { type: 'none', missing: '' }]]);
  return { ...decide({ names, moves, files: [], share, mirror }), tied: [] };
}

/**
 * Renames that can be done as such. One that a subtree to rescan touches, or that one of the sides does not bear out, is none: what
 * is under its new name is looked through.
 */
async function settled(place: MirrorPlace, { changes }: Wanted, out: (path: Path) => boolean, signal: AbortSignal) {
  const rescans = new Set(changes.rescans.map(({ path }) => path));
  const entered = new Set(changes.touched.map(({ path }) => parentOf(path)));
  let renamed: readonly Renamed[] = changes.renamed.filter(({ folder }) => folder);
  for (;;) {
    const moves = movesOf(renamed);
    if (renamed.length === 0) return { moves, rescans: [...rescans] };
    const { share, mirror } = await both(place, rescans, moves, signal);
    const compared = [...rescans].filter((path) => isFolder(mirror.get(moves.before(path) ?? path)));
    const odd = moves.moved.filter(
      (one) =>
        out(one.from) ||
        out(one.to) ||
        !bornOut(one, share, mirror, entered) ||
        compared.some((path) => overlaps(path, one.from) || overlaps(path, one.to)),
    );
    if (odd.length === 0) return { moves, rescans: [...rescans] };
    const isOdd = below(odd.flatMap(({ from, to }) => [from, to]));
    const names = new Set(odd.flatMap(({ from, to }) => [from, to]));
    const dropped = ({ from, to }: Renamed) => [from, to].some((path) => names.has(path) || isOdd(path));
    for (const one of renamed) if (dropped(one)) rescans.add(one.now);
    for (const { to } of odd) rescans.add(to);
    const left = renamed.filter((one) => !dropped(one));
    renamed = left.length === renamed.length ? [] : left;
  }
}

/**
 * Names at which the share and the mirror differ, below these.
 * @param damaged contents are compared as well, and it gets the names of those that differ in nothing else
 */
export async function differences(
  place: MirrorPlace,
  subtrees: readonly Path[],
  excluded: readonly Path[],
  watched: Watched,
  damaged?: Set<Path>,
): Promise<readonly Path[]> {
  const { signal } = watched;
  const { source, entry } = place;
  const [share, mirror] = await Promise.all([
    statesOf(source, entry.from.folder, subtrees, signal),
    statesOf(place.machine, place.tree, subtrees, signal),
  ]);
  const folders = subtrees.filter((path) => isFolder(share.get(path)) && isFolder(mirror.get(path)));
  if (folders.length === 0) return [];
  const names: Path[] = [];
  const asked = { options: whatDiffers(damaged !== undefined), names: folders, out: excluded, to: place.tree };
  for await (const line of toldByShare(place, asked, watched)) {
    const name = differing(line);
    if (name === undefined) continue;
    names.push(name);
    if (isDamaged(line)) damaged?.add(name);
  }
  return names;
}
