// Paths of a listing that somebody may have meant who typed one that is not in it: the same name elsewhere, or nearly the same name
// in the same folder. Pure, and of bounded size whatever is listed.
import { distance } from '../../../values/nearest.ts';
import { shown } from '../../../values/text.ts';
import type { Scope } from './scope.ts';

const most = 3;
type Near = Readonly<{ path: Buffer; far: number }>;

export type NearNames = Readonly<{
  /** called with every path there is, in any order */
  see(path: Buffer): void;
  /** the last of the folders that lead to it which is there; the root at least */
  deepest(): Buffer;
  /** the nearest first */
  names(): readonly string[];
}>;

export function nearNames({ text, above, path: wanted }: Scope): NearNames {
  const names = text.split('/');
  const last = names.at(-1) ?? '';
  const levels = new Map(above.map((folder, depth) => [folder.toString('latin1'), depth]));
  const found = new Set<number>();
  const beside: Near[][] = above.map(() => []);
  const elsewhere: Near[] = [];
  return {
    see: (path) => {
      const depth = levels.get(path.toString('latin1'));
      if (depth !== undefined) found.add(depth);
      const at = path.lastIndexOf(0x2f);
      const name = path.subarray(at + 1).toString();
      const level = levels.get(path.subarray(0, Math.max(0, at)).toString('latin1'));
      if (level !== undefined && path.length > 0) {
        const far = farFrom(names[level] ?? '', name);
        if (far !== undefined) keep(beside[level] ?? [], { path, far });
      }
      if (name === last) keep(elsewhere, { path, far: names.length - commonTail(wanted, path) });
    },
    deepest: () => above[deepestOf(found)] ?? Buffer.alloc(0),
    names: () => {
      const all = [...(beside[deepestOf(found)] ?? []), ...elsewhere].map(({ path }) => shown(path.toString()));
      return [...new Set(all)].slice(0, most);
    },
  };
}

const deepestOf = (found: ReadonlySet<number>): number => Math.max(0, ...found);

/** A slip or two; the same in other letters, or what begins so, is nearest. */
function farFrom(wanted: string, name: string): number | undefined {
  if (wanted.length > 255 || Math.abs(wanted.length - name.length) > 8) return undefined;
  const [one, other] = [wanted.toLowerCase(), name.toLowerCase()];
  if (one === other) return 0;
  if (one.length >= 3 && (other.startsWith(one) || one.startsWith(other))) return 1;
  const slips = distance(one, other);
  return slips <= Math.min(3, Math.floor(wanted.length / 3)) ? slips : undefined;
}

function keep(list: Near[], near: Near): void {
  list.push(near);
  list.sort((one, other) => one.far - other.far);
  if (list.length > most) list.length = most;
}

/** How many names at their ends are the same. */
function commonTail(one: Buffer, other: Buffer): number {
  const [ours, theirs] = [one, other].map((path) => path.toString('latin1').split('/').reverse());
  let same = 0;
  while (ours !== undefined && theirs !== undefined && same < ours.length && ours[same] === theirs[same]) same += 1;
  return same;
}
