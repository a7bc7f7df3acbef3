// Several files as one estate: lists of one section are joined in the order of the files, everything else stands in one file.
import { type Place, placeOf } from './places.ts';
import { type Path, type Problem, placeText } from './problem.ts';
import type { Source } from './source.ts';
import type { Mapping } from './yaml-value.ts';

export type Merged = Readonly<{
  value: Mapping;
  problems: readonly Problem[];
  placeOf(path: Path, at?: 'key' | 'value'): Place;
}>;

/** Which file a list's entries came from: those from `first` on, counted within the file from 0. */
type Piece = Readonly<{ source: Source; first: number }>;

export function merge(sources: readonly [Source, ...Source[]]): Merged {
  const value: Mapping = {};
  const pieces = new Map<string, Piece[]>();
  const problems: Problem[] = [];
  for (const source of sources)
    for (const [key, part] of Object.entries(source.value)) {
      if (key === 'include') continue;
      const known = value[key];
      const before = pieces.get(key);
      if (before === undefined) {
        value[key] = part;
        pieces.set(key, [{ source, first: 0 }]);
      } else if (Array.isArray(known) && Array.isArray(part)) {
        value[key] = [...known, ...part];
        before.push({ source, first: known.length });
      } else {
        const says = `stands at ${placeText(placeOf(before[0]?.source ?? source, [key], 'key'))} already; keep one of them`;
        problems.push({ ...placeOf(source, [key], 'key'), path: key, says });
      }
    }
  const find = (path: Path, at: 'key' | 'value' = 'value'): Place => {
    const [key, index, ...rest] = path;
    const [only, ...others] = pieces.get(String(key)) ?? [];
    if (only === undefined) return { file: sources[0].file, line: 1, column: 1 };
    if (others.length === 0 || typeof index !== 'number') return placeOf(only.source, path, at);
    const piece = [only, ...others].findLast(({ first }) => first <= index) ?? only;
    return placeOf(piece.source, [String(key), index - piece.first, ...rest], at);
  };
  return { value, problems, placeOf: find };
}
