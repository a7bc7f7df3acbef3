// From a tree of nodes to the value they mean. What YAML can do and an estate has no use for (tags, merge keys, keys that
// are no text, the names JavaScript gives a meaning to) is refused; aliases are followed, within bounds.
import { resolve } from 'node:path';
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Path } from './problem.ts';
import { type Flaw, limits } from './yaml-text.ts';
import { yamlWords } from './yaml-words.ts';

export type Mapping = Record<string, unknown>;
export type Targets = ReadonlyMap<Alias, Node>;
export type PlacedFlaw = Flaw & Readonly<{ path: Path }>;

type Reading = {
  readonly folder: string;
  readonly flaws: PlacedFlaw[];
  readonly anchors: Map<string, Node>;
  readonly targets: Map<Alias, Node>;
  /** what is being read: an alias to one of these would never end */
  readonly open: Set<Node>;
  repeating: boolean;
  repeated: number;
  whole: boolean;
};

/**
 * @param folder absolute; paths of secret files in the file count from it
 * @returns `whole`: false where an alias leads nowhere, so that something is missing from the value
 */
export function nodesToValue(root: Node | null, folder: string) {
  const reading: Reading = {
    folder,
    flaws: [],
    anchors: new Map(),
    targets: new Map(),
    open: new Set(),
    repeating: false,
    repeated: 0,
    whole: true,
  };
  const value = read(root, [], reading);
  return {
    value,
    whole: reading.whole,
    flaws: reading.flaws as readonly PlacedFlaw[],
    targets: reading.targets as Targets,
  };
}

function flaw(node: unknown, path: Path, says: string, reading: Reading): void {
  const offset = (node as Node | null)?.range?.[0] ?? 0;
  // What is repeated was complained of where it stands.
  if (!reading.repeating) reading.flaws.push({ offset, path, says });
}

function read(node: Node | null, path: Path, reading: Reading): unknown {
  if (node === null) return null;
  if (reading.repeating) reading.repeated += 1;
  if (reading.repeated > limits.repeated) return null;
  if (isAlias(node)) return readAlias(node, path, reading);
  if (node.tag !== undefined) flaw(node, path, yamlWords.TAG_RESOLVE_FAILED, reading);
  const { anchor } = node as Node & { anchor?: string };
  if (anchor !== undefined && !reading.repeating) reading.anchors.set(anchor, node);
  reading.open.add(node);
  const value = isMap(node) ? readMap(node, path, reading) : isSeq(node) ? readList(node, path, reading) : scalar(node);
  reading.open.delete(node);
  return value;
}

const scalar = (node: Node): unknown => (isScalar(node) ? node.value : null);

const readList = (node: YAMLSeq, path: Path, reading: Reading): unknown[] =>
  node.items.map((item, index) => read(item as Node | null, [...path, index], reading));

function readAlias(node: Alias, path: Path, reading: Reading): unknown {
  const target = reading.anchors.get(node.source);
  if (target === undefined || reading.open.has(target)) {
    const says = target === undefined ? yamlWords.BAD_ALIAS : 'repeats what it stands in; an alias (*) cannot do that';
    flaw(node, path, says, reading);
    reading.whole = false;
    return null;
  }
  reading.targets.set(node, target);
  if (reading.repeating) return read(target, path, reading);
  const before = reading.repeated;
  reading.repeating = true;
  const value = read(target, path, reading);
  reading.repeating = false;
  if (before <= limits.repeated && reading.repeated > limits.repeated) {
    flaw(node, path, `makes aliases (*) repeat more than ${limits.repeated} values; write them out`, reading);
    reading.whole = false;
  }
  return value;
}

// Assigning to these would reach the object's prototype instead of a field.
const namesWithMeaning = ['__proto__', 'constructor', 'prototype'];

function keyProblem(key: unknown, seen: Mapping): string | undefined {
  if (typeof key !== 'string') return yamlWords.NON_STRING_KEY;
  if (namesWithMeaning.includes(key)) return 'is a name no key may have; remove it';
  if (key === '<<') return 'merges another mapping, which is not done here; write the fields out';
  return Object.hasOwn(seen, key) ? yamlWords.DUPLICATE_KEY : undefined;
}

function readMap(node: YAMLMap, path: Path, reading: Reading): Mapping {
  const value: Mapping = {};
  for (const { key: keyNode, value: child } of node.items) {
    const key = isScalar(keyNode) ? keyNode.value : undefined;
    const problem = keyProblem(key, value);
    if (isScalar(keyNode) && keyNode.tag !== undefined) flaw(keyNode, path, yamlWords.TAG_RESOLVE_FAILED, reading);
    if (problem !== undefined) flaw(keyNode, [...path, String(key ?? '?')], problem, reading);
    else value[String(key)] = read(child as Node | null, [...path, String(key)], reading);
  }
  return withAbsoluteFile(value, reading.folder);
}

/** `{ file: ruapehu.token }` is meant from where it stands. */
function withAbsoluteFile(value: Mapping, folder: string): Mapping {
  const { file, ...others } = value;
  const isReference = typeof file === 'string' && file !== '' && Object.keys(others).length === 0;
  return isReference ? { file: resolve(folder, file) } : value;
}
