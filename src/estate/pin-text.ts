// Changing one value in the text of an estate and no other byte: comments, order and quotes stay.
import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { readYaml } from './yaml-text.ts';

export type Edit = Readonly<{ from: number; to: number; put: string }>;

/** The tree of a text, with its aliases followed. */
export function entriesOf(text: string) {
  const { root, lines } = readYaml(text);
  const anchors = new Map<string, Node>();
  collect(root, anchors);
  const follow = (node: unknown): unknown => (isAlias(node) ? anchors.get(node.source) : node);
  const mapsIn = (holder: unknown, key: string): readonly YAMLMap[] => {
    const list = follow(isMap(holder) ? holder.get(key, true) : undefined);
    return isSeq(list) ? list.items.map(follow).filter((entry) => isMap(entry)) : [];
  };
  return { root, lines, follow, mapsIn };
}

export function edited(text: string, edits: readonly Edit[]): string {
  const last = edits.toSorted((one, other) => other.from - one.from);
  return last.reduce((made, { from, to, put }) => `${made.slice(0, from)}${put}${made.slice(to)}`, text);
}

function collect(node: unknown, anchors: Map<string, Node>): void {
  if (isPair(node)) {
    collect(node.key, anchors);
    collect(node.value, anchors);
  } else if (isMap(node) || isSeq(node) || isScalar(node)) {
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (!isScalar(node)) for (const item of node.items) collect(item, anchors);
  }
}

/** In the place of what stands there, with its quotes. */
export function replaced(text: string, held: Scalar, value: string): Edit {
  const [from = 0, end = 0] = held.range ?? [];
  // A block's value ends behind its line.
  const to = from + text.slice(from, end).trimEnd().length;
  const quote = text[from] === "'" ? "'" : text[from] === '"' || to - from === 0 ? '"' : '';
  // A text over several lines, or one that a tag or a block mark begins, is written anew.
  const isPlain = quote === '' && /^[0-9A-Za-z:._-]*$/.test(text.slice(from, to));
  const put = quote === '' && !isPlain ? `"${value}"` : `${quote}${value}${quote}`;
  return { from, to, put };
}

/** Behind the pair that says where the server is: on a line of its own, or within the braces. */
export function added(text: string, entry: YAMLMap, key: string, [field, value]: readonly [string, string]): Edit {
  const pair = entry.items.find((one) => isScalar(one.key) && one.key.value === key) as Pair<Scalar, Node> | undefined;
  const end = pair?.value?.range?.[1] ?? entry.range?.[0] ?? 0;
  if (entry.flow === true) return { from: end, to: end, put: `, ${field}: "${value}"` };
  const start = pair?.key.range?.[0] ?? 0;
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  const next = text.indexOf('\n', end);
  const at = next < 0 ? text.length : text[next - 1] === '\r' ? next - 1 : next;
  const line = text.includes('\r\n') ? '\r\n' : '\n';
  return { from: at, to: at, put: `${line}${' '.repeat(column)}${field}: "${value}"` };
}
