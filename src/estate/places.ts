// Where a value stands, by its path: in one file by its nodes, in an estate by the file each section or list entry came from.
import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Path, Problem } from './problem.ts';
import { placeAt, type Source } from './source.ts';

export type Place = Pick<Problem, 'file' | 'line' | 'column'>;

/** The deepest node on the way that is there: what is missing is placed where it would belong. */
export function placeOf(source: Source, path: Path, at: 'key' | 'value'): Place {
  let node: Node | null = source.root;
  let found: Node | null = node;
  for (const [index, part] of path.entries()) {
    const step = stepInto(isAlias(node) ? (source.targets.get(node) ?? null) : node, part);
    if (step === undefined) break;
    const wanted: Node | null = at === 'key' && index === path.length - 1 ? step.key : step.value;
    found = wanted ?? step.key ?? found;
    node = step.value;
  }
  return { file: source.file, ...placeAt(source.lines, found?.range?.[0] ?? 0) };
}

type Step = Readonly<{ key: Node | null; value: Node | null }>;

function stepInto(node: Node | null, part: string | number): Step | undefined {
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part] as Node | undefined;
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  return pair === undefined ? undefined : { key: pair.key as Node | null, value: pair.value as Node | null };
}
