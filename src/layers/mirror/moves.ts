// What was renamed, from the mirror's names (before the run) to the share's names (after it). The journal has them one by one, and in
// between a name may have been used twice. Pure.
import type { Path } from '../../model/change-journal.ts';
import type { Renamed } from '../../model/collapse-changes.ts';
import { isBelow, parentOf } from './places.ts';

export type Moves = Readonly<{
  /** where that name's thing lies in the mirror; undefined where it cannot be there */
  before(path: Path): Path | undefined;
  /** the share's name of what lies there in the mirror */
  behind(before: Path): Path;
  moved: readonly Readonly<{ from: Path; to: Path; folder: boolean }>[];
}>;

type Behind = Readonly<{ before: Path | undefined; folder: boolean }>;

type Rename = Pick<Renamed, 'from' | 'to' | 'folder'>;

export function movesOf(renamed: readonly Rename[]): Moves {
  const names = new Map<Path, Behind>();
  const nearest = (path: Path): readonly [Path, Behind] | undefined => {
    for (let name = path; name !== ''; name = parentOf(name)) {
      const behind = names.get(name);
      if (behind !== undefined) return [name, behind];
    }
    return undefined;
  };
  const before = (path: Path): Path | undefined => {
    const found = nearest(path);
    if (found === undefined) return path;
    const [name, behind] = found;
    return behind.before === undefined ? undefined : behind.before + path.slice(name.length);
  };
  for (const { from, to, folder } of renamed) {
    if (from === to) continue;
    const was = before(from);
    for (const name of [...(folder ? names.keys() : [])]) if (name === to || isBelow(name, to)) names.delete(name);
    for (const [name, behind] of folder ? [...names] : []) {
      if (!isBelow(name, from)) continue;
      names.delete(name);
      names.set(to + name.slice(from.length), behind);
    }
    names.set(to, { before: was, folder });
    names.set(from, { before: undefined, folder });
  }
  const moved = [...names].flatMap(([to, { before: from, folder }]) =>
    from === undefined || from === to ? [] : [{ from, to, folder }],
  );
  const now = new Map(moved.map(({ from, to }) => [from, to]));
  const behind = (path: Path): Path => {
    for (let name = path; name !== ''; name = parentOf(name)) {
      const to = now.get(name);
      if (to !== undefined) return to + path.slice(name.length);
    }
    return path;
  };
  return { before, behind, moved };
}

/** Names from before the renames, as they are after them. */
export function renamedAll(paths: readonly Path[], renamed: readonly Rename[]): readonly Path[] {
  if (paths.length === 0) return paths;
  return paths.map((path) => {
    let name = path;
    for (const { from, to } of renamed) if (name === from || isBelow(name, from)) name = to + name.slice(from.length);
    return name;
  });
}
