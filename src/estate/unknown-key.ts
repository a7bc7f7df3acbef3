// A key that is not known where it stands: probably another one misspelled, or one from another level.

import { nearest } from '../values/nearest.ts';
import { isMapping } from './at.ts';
import { type Field, fieldsOf } from './fields.ts';
import { estateJsonSchema } from './json-schema.ts';
import type { Path } from './problem.ts';
import type { Kinds } from './schema/estate.ts';
import type { SayUnknown } from './schema-remarks.ts';

const patternOf = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? '[]' : `${index === 0 ? '' : '.'}${part}`)).join('');

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('.'), 0));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** @param estate as it was written, to see of which kind an entry is */
export function sayUnknownKeys(kinds: Kinds, estate: unknown): SayUnknown {
  // Made once an unknown key was met: reading the fields off the schema takes longer than reading an estate.
  let fields: readonly Field[] | undefined;
  return (parent, key) => {
    fields ??= fieldsOf(estateJsonSchema(kinds));
    return sayUnknown(fields, patternOf(parent), key, kindAt(estate, parent));
  };
}

/** The `kind` of the entry around the path, where it has one. */
function kindAt(estate: unknown, path: Path): unknown {
  let kind: unknown;
  let value = estate;
  for (const part of path) {
    value = (value as Readonly<Record<string | number, unknown>>)[part];
    kind = isMapping(value) ? (value['kind'] ?? kind) : kind;
  }
  return kind;
}

function sayUnknown(fields: readonly Field[], here: string, key: string, kind: unknown): string {
  const siblings = fields
    .filter((field) => parentOf(field.path) === here && (field.kind === undefined || field.kind === kind))
    .map(({ path }) => nameOf(path));
  const close = nearest(key, siblings);
  if (close !== undefined) return `is not known; did you mean ${close}?`;
  const named = fields.filter(({ path }) => nameOf(path) === key);
  const places = Map.groupBy(named, ({ path }) => parentOf(path));
  // What stands nearest to the top is the likeliest; equals stay in the schema's order.
  const elsewhere = [...places].sort(([one], [other]) => depthOf(one) - depthOf(other)).slice(0, 3);
  if (elsewhere.length > 0)
    return `is not known here; it belongs ${elsewhere.map(([parent, at]) => place(parent, at)).join(' or ')}`;
  return `is not known; ${here === '' ? 'sections are' : 'known here are'} ${siblings.join(', ')}`;
}

const depthOf = (path: string): number => path.split('.').length;

function place(parent: string, at: readonly Field[]): string {
  if (parent === '') return 'at the top of the file';
  const kinds = [...new Set(at.flatMap(({ kind }) => kind ?? []))];
  return `in ${parent}${kinds.length === 0 ? '' : ` of the kind ${kinds.slice(0, 3).join(' or ')}${kinds.length > 3 ? ' and others' : ''}`}`;
}
