// Many records of a change journal as one: what to look at, under the names that hold at the end. A mark is never taken back: the
// kernel names a folder as it is called when it is asked, which may be later than the record, so that both names are looked at.

import type { Instant } from '../values/instant.ts';
import type { Change, Path, RescanReason } from './change-journal.ts';

/** To be looked at, under its last name: what is not there was removed. */
export type Touched = Readonly<{ path: Path; folder: boolean }>;
/** A subtree to look through; `since`: only what changed from then on, by ctime, and of folders that did, their names. */
export type Rescan = Readonly<{ path: Path; why: RescanReason; since?: Instant | undefined }>;
/**
 * In the order in which they happened. A hint, which saves copying: done where `from` is there and `to` is not. Else `now`, where it
 * is at the end, is a subtree to rescan. `from` and `to` are among the touched.
 */
export type Renamed = Readonly<{ from: Path; to: Path; now: Path; folder: boolean }>;
export type Collapsed = Readonly<{
  touched: readonly Touched[];
  renamed: readonly Renamed[];
  rescans: readonly Rescan[];
}>;

type Look = Readonly<{ why: RescanReason; since: Instant | undefined }>;
type Place = {
  readonly name: string;
  above: Place | undefined;
  readonly below: Map<string, Place>;
  touched: 'file' | 'folder' | undefined;
  /** a folder of this name was removed or moved away; one came to be here; in whichever order these were told */
  gone: boolean;
  there: boolean;
  look: Look | undefined;
  /** moves whose folder or file is here now */
  came: Move[];
};
type Move = { readonly from: Path; readonly to: Path; readonly folder: boolean; place: Place };

export interface Collapsing {
  add(change: Change): void;
  result(): Collapsed;
}

/** A renamed folder brings its marks along up to so many; beyond it is a subtree to look through. */
const mostCarried = 10_000;

export function collapsing(): Collapsing {
  const root = placeNamed('', undefined);
  const moves: Move[] = [];
  const at = (path: Path): Place => {
    let place = root;
    for (const name of path === '' ? [] : path.split('/')) {
      let next = place.below.get(name);
      if (next === undefined) {
        next = placeNamed(name, place);
        place.below.set(name, next);
      }
      place = next;
    }
    return place;
  };
  const touch = (path: Path, folder: boolean): Place => {
    const place = at(path);
    place.touched = folder || place.touched === 'folder' ? 'folder' : 'file';
    return place;
  };
  return {
    add: (change) => {
      switch (change.what) {
        case 'changed':
        case 'removed': {
          const place = touch(change.path, change.folder);
          if (change.folder) place[change.what === 'removed' ? 'gone' : 'there'] = true;
          return;
        }
        case 'rescan': {
          const place = at(change.path);
          place.look = both(place.look, { why: change.why, since: change.since });
          return;
        }
        case 'renamed': {
          const [from, to] = [touch(change.path, change.folder), touch(change.to, change.folder)];
          carry(from, to);
          if (change.folder) [from.gone, to.there] = [true, true];
          const move: Move = { from: change.path, to: change.to, folder: change.folder, place: to };
          to.came.push(move);
          moves.push(move);
          return;
        }
        case 'away':
      }
    },
    result: () => {
      const touched: Touched[] = [];
      const rescans: Rescan[] = [];
      // All that is below a subtree to look through is looked through anyway; what was moved into it is not of it, and a mirror that
      // moves it likewise has only these names to know it by.
      walk(root, (place, path, above) => {
        const own = !above || place.came.some(({ folder }) => folder);
        // Nobody told what was in the folder that is gone: its own names may be left in a mirror, below those of the new one.
        const look = place.gone && place.there ? both(place.look, replaced) : place.look;
        if (look !== undefined && own) rescans.push({ path, ...look });
        const covered = !own || (look !== undefined && look.since === undefined);
        if (place.touched !== undefined && !covered) touched.push({ path, folder: place.touched === 'folder' });
        return covered;
      });
      const renamed = moves.map(({ from, to, folder, place }) => ({ from, to, now: pathOf(place), folder }));
      return { touched, renamed, rescans };
    },
  };
}

const placeNamed = (name: string, above: Place | undefined): Place => ({
  ...{ name, above, below: new Map(), touched: undefined, gone: false, there: false, look: undefined, came: [] },
});

/** The wider of two looks: the older time, and none at all is the oldest. */
const both = (one: Look | undefined, other: Look): Look =>
  one === undefined || (one.since !== undefined && (other.since === undefined || other.since < one.since))
    ? other
    : one;

const replaced: Look = { why: 'replaced', since: undefined };

/** Whether a mirror may have another folder of this name, or of one above it: what it would move is not what was moved. */
function anotherIn(place: Place): Look | undefined {
  for (let one: Place | undefined = place; one !== undefined; one = one.above) {
    if (one.gone && one.there) return replaced;
    if (one.look !== undefined && one.look.since === undefined) return one.look;
  }
  return undefined;
}

/** What is known of below one name holds below the other as well. */
function carry(from: Place, to: Place): void {
  const another = anotherIn(from);
  if (another !== undefined) to.look = both(to.look, another);
  moveAlong(from, to);
  let left = mostCarried;
  const copy = (source: Place, target: Place): void => {
    if (source.look !== undefined) target.look = both(target.look, source.look);
    for (const [name, below] of [...source.below]) {
      if (below === to) continue;
      left -= 1;
      if (left < 0) return;
      const there = target.below.get(name) ?? placeNamed(name, target);
      target.below.set(name, there);
      if (below.touched !== undefined) there.touched = there.touched === 'folder' ? 'folder' : below.touched;
      there.gone ||= below.gone;
      there.there ||= below.there;
      moveAlong(below, there);
      copy(below, there);
    }
  };
  copy(from, to);
  if (left < 0) to.look = both(to.look, { why: 'crowded', since: undefined });
}

function moveAlong(from: Place, to: Place): void {
  for (const move of from.came) move.place = to;
  to.came.push(...from.came);
  from.came = [];
}

function pathOf(place: Place): Path {
  const names: string[] = [];
  for (let one: Place | undefined = place; one?.above !== undefined; one = one.above) names.unshift(one.name);
  return names.join('/');
}

/** Without recursion: paths may be thousands of folders deep. What is seen of a place is told for all below it. */
function walk(root: Place, see: (place: Place, path: Path, above: boolean) => boolean): void {
  const todo: { place: Place; path: Path; above: boolean }[] = [{ place: root, path: '', above: false }];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { place, path } = one;
    const covered = see(place, path, one.above);
    const names = [...place.below.keys()].sort().reverse();
    for (const name of names) {
      const below = place.below.get(name);
      if (below !== undefined)
        todo.push({ place: below, path: path === '' ? name : `${path}/${name}`, above: covered });
    }
  }
}
