// One text for one value (sorted keys, no white space), and its SHA-256. Plans, observations and declarations are named by it.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Digest = string;

/** Keys whose value is undefined are left out, as JSON.stringify leaves them out. */
export function canonical(value: unknown): string {
  if (value === null) return 'null';
  if (value === true || value === false) return value ? 'true' : 'false';
  if (typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(canonical).join(',')}]`;
  const known = value as Record<string, unknown>;
  let text = '';
  for (const key of sortedKeys(known)) {
    const inner = known[key];
    if (inner !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}${canonical(inner)}`;
  }
  return `{${text}}`;
}

// Entries of one collection come one after another, with the same keys in the same order: they are sorted once.
let lastKeys: readonly string[] = [];
let lastSorted: readonly string[] = [];

function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value);
  if (keys.length < 2) return keys;
  if (keys.length === lastKeys.length && keys.every((key, index) => key === lastKeys[index])) return lastSorted;
  lastKeys = keys;
  lastSorted = keys.toSorted();
  return lastSorted;
}

// The same few field names come tens of thousands of times.
const keyTexts = new Map<string, string>();
const mostKeys = 1000;

function keyText(key: string): string {
  const known = keyTexts.get(key);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(key)}:`;
  if (keyTexts.size < mostKeys) keyTexts.set(key, text);
  return text;
}

export const digestOfText = (text: string): Digest => createHash('sha256').update(text).digest('hex');

/** The SHA-256 of the canonical text, which is never held as a whole: a plan may have ten thousand steps. */
export function digestOf(value: unknown): Digest {
  const hash = createHash('sha256');
  feed(value, 2, (piece) => hash.update(piece));
  return hash.digest('hex');
}

function feed(value: unknown, depth: number, write: (piece: string) => void): void {
  if (depth === 0 || value === null || typeof value !== 'object') {
    write(canonical(value));
    return;
  }
  const entries = Array.isArray(value)
    ? value.map((item) => ['', item] as const)
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, item]) => [keyText(key), item] as const);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  write(open);
  for (const [index, [key, item]] of entries.entries()) {
    write(`${index === 0 ? '' : ','}${key}`);
    feed(item, depth - 1, write);
  }
  write(close);
}
