// What is to be done so that the mirror is as the share is: from the names that the journal speaks of, and what is at each of them
// on both sides. Pure: whoever asks brings what is there, and is told which names must be known besides.
import type { Path } from '../../model/change-journal.ts';
import type { Moves } from './moves.ts';
import { foldersAbove, isBelow, parentOf } from './places.ts';
import { isFolder, isThere, looksSame, type State, type States, type There } from './states.ts';

/** Names of the share, unless it says otherwise. */
export type Decision = Readonly<{
  /** leaves its place in the mirror, and nothing comes there; by the mirror's own name */
  displaced: readonly Displaced[];
  /** `into`: into a folder that comes itself, which leaves it out */
  moved: readonly Readonly<{ from: Path; to: Path; file: string; into: boolean }>[];
  /** comes from the share, a folder with all that is in it; `replaces` lies in its place, by the mirror's name */
  bring: readonly Bring[];
  /** folders of which owner, mode and times come again; with the mirror's name where it has them */
  folders: readonly Readonly<{ path: Path; before: Path | undefined }>[];
  /** the journal will speak of them again, or nobody could tell: the next run looks at them */
  owed: readonly Path[];
  /** files with another name: what the mirror has under the one is what comes under the other, unless they differ after all */
  renamed: readonly Readonly<{ from: Path; to: Path }>[];
  /** one file by two names that come apart, of which `path` goes below a folder that is moved into one that comes */
  tied: readonly Readonly<{ path: Path; to: Path }>[];
}>;
export type Displaced = Readonly<{ path: Path; before: Path; state: There }>;
export type Bring = Readonly<{
  path: Path;
  state: There;
  replaces: Readonly<{ before: Path; state: There }> | undefined;
}>;

export type Sight = Readonly<{
  names: ReadonlySet<Path>;
  /** of folders */
  moves: Moves;
  /** of files: where the mirror has what the share has under a new name */
  files: Moves['moved'];
  /** by names of the share */
  share: States;
  /** by names of the mirror */
  mirror: States;
}>;

/**
 * Renames of folders that both sides bear out; every other one is done by bringing what is new and displacing what is old. A folder
 * keeps its time when it is renamed, unless something in it has changed.
 *
 * @param entered folders in which the journal knows of something
 */
export const bornOut = (
  { from, to }: Readonly<{ from: Path; to: Path }>,
  share: States,
  mirror: States,
  entered: ReadonlySet<Path>,
): boolean => {
  const [now, was] = [share.get(to), mirror.get(from)];
  return isFolder(now) && isFolder(was) && (now.modified === was.modified || entered.has(to));
};

export function decide({ names, moves, files, share, mirror }: Sight): Omit<Decision, 'tied'> {
  const brings = new Map<Path, Bring>();
  const displaced = new Map<Path, Displaced>();
  const folders = new Map<Path, Path>();
  const owed = new Set<Path>();
  const movedTo = new Set(moves.moved.map(({ to }) => to));

  const movedFrom = new Set(moves.moved.map(({ from }) => from));
  const leaves = below([...movedFrom]);
  const stateOf = (before: Path | undefined): Readonly<{ before: Path; state: State }> | undefined => {
    const state = before === undefined ? undefined : mirror.get(before);
    return before === undefined || state === undefined ? undefined : { before, state };
  };
  const occupant = (path: Path) => {
    const found = stateOf(placeOf(path, moves));
    return found === undefined || movedFrom.has(found.before) || leaves(found.before) ? undefined : found;
  };
  const there = (path: Path) => (moves.before(path) === undefined ? occupant(path) : stateOf(moves.before(path)));
  /** Below a name that the mirror has not, or not as a folder, nothing can be placed: all of that name comes. */
  const topmost = (path: Path): Path => {
    const above = [...foldersAbove(path), path];
    const open = above.slice(above.findLastIndex((one) => movedTo.has(one)) + 1);
    return open.find((one) => !isFolder(there(one)?.state)) ?? path;
  };
  const bring = (path: Path, state: There) => {
    const was = there(path);
    if (was === undefined || !isThere(was.state)) return brings.set(path, { path, state, replaces: undefined });
    return brings.set(path, { path, state, replaces: { before: was.before, state: was.state } });
  };
  const look = (path: Path) => {
    const now = share.get(path);
    if (now === undefined) throw new Error(`nobody looked at ${path}`);
    const was = there(path);
    if (!isThere(now)) {
      if (now.missing !== path) return names.has(now.missing) ? undefined : owed.add(path);
      return was !== undefined && isThere(was.state)
        ? displaced.set(was.before, { path, before: was.before, state: was.state })
        : undefined;
    }
    const top = topmost(path);
    const state = share.get(top);
    const wasTop = there(top);
    if (!isThere(state)) return owed.add(path);
    if (isFolder(state) && wasTop !== undefined && isFolder(wasTop.state)) return folders.set(top, wasTop.before);
    return bring(top, state);
  };
  for (const path of names) look(path);
  for (const { to } of moves.moved) {
    look(parentOf(to));
    const taken = occupant(to);
    if (taken !== undefined && isThere(taken.state))
      displaced.set(taken.before, { path: to, ...taken, state: taken.state });
  }

  const coming = (path: Path): boolean => {
    for (let one = path; one !== ''; ) {
      if (one !== path && movedTo.has(one)) return false;
      one = parentOf(one);
      if (isFolder(brings.get(one)?.state)) return true;
    }
    return false;
  };
  const bringing = [...brings.values()].filter(({ path }) => !coming(path));
  // What is moved into a folder that comes has its owner, mode and times from before, and its own may have changed.
  const stays = (path: Path) => (movedTo.has(path) || !coming(path)) && !isFolder(brings.get(path)?.state);
  const keep = (path: Path) => {
    const was = there(path);
    if (isFolder(share.get(path)) && was !== undefined && isFolder(was.state)) folders.set(path, was.before);
  };
  // A name that came and went again leaves no more of it than the time of its folder.
  for (const path of names) if (path !== '') keep(parentOf(path));
  for (const { path } of bringing) if (path !== '') keep(parentOf(path));
  for (const { from, to } of moves.moved) for (const path of [moves.behind(parentOf(from)), parentOf(to)]) keep(path);
  for (const { path } of displaced.values()) keep(parentOf(path));
  const gone = below([...displaced.keys()]);
  const moved = moves.moved.map(({ from, to }) => {
    const into = coming(to) || isFolder(brings.get(parentOf(to))?.state);
    return { from, to, file: fileOf(mirror.get(from)), into };
  });
  return {
    displaced: [...displaced.values()].filter(({ before }) => !gone(before)),
    moved,
    bring: bringing,
    folders: [
      ...[...folders].filter(([path]) => stays(path)).map(([path, before]) => ({ path, before })),
      ...moved.flatMap(({ to, into }) => (into ? [{ path: parentOf(to), before: undefined }] : [])),
    ],
    owed: [...owed],
    renamed: files.filter(({ from, to }) => {
      const [now, was] = [share.get(to), mirror.get(from)];
      return isThere(now) && isThere(was) && now.type === 'file' && looksSame(now, was);
    }),
  };
}

const fileOf = (state: State | undefined): string => (isThere(state) ? state.file : '');

/** Whether a name lies below one of these. */
export function below(folders: readonly Path[]): (path: Path) => boolean {
  const set = new Set(folders);
  if (set.size === 0) return () => false;
  return (path) => (set.has('') && path !== '') || [...foldersAbove(path)].some((above) => set.has(above));
}

/** Where the mirror has what stands in the way of that name, be it another thing than the one that gets it. */
function placeOf(path: Path, moves: Moves): Path | undefined {
  // What came under the name of a folder above it may not be known: then that one's place counts.
  const above = parentOf(path);
  const parent = path === '' ? undefined : (moves.before(above) ?? placeOf(above, moves));
  const name = path.slice(path.lastIndexOf('/') + 1);
  return parent === undefined ? undefined : parent === '' ? name : `${parent}/${name}`;
}

/** Names that must be known on each side before it can be decided: themselves, and every folder above. */
export function asked(
  names: Iterable<Path>,
  moves: Moves,
  files: Moves['moved'],
): Readonly<{ share: Set<Path>; mirror: Set<Path> }> {
  const share = new Set<Path>(['']);
  const mirror = new Set<Path>(['']);
  const ask = (path: Path) => {
    share.add(path);
    for (const before of [moves.before(path), placeOf(path, moves)]) if (before !== undefined) mirror.add(before);
  };
  for (const path of names) {
    ask(path);
    for (const above of foldersAbove(path)) if (!share.has(above)) ask(above);
  }
  for (const { from, to } of files) {
    share.add(to);
    mirror.add(from);
  }
  for (const { from, to } of moves.moved) {
    ask(to);
    mirror.add(from);
    for (const path of [moves.behind(parentOf(from)), parentOf(to)]) ask(path);
  }
  return { share, mirror };
}

export const overlaps = (one: Path, other: Path): boolean =>
  one === other || isBelow(one, other) || isBelow(other, one);
