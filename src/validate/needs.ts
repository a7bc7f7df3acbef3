// Which privilege is needed on which path, by whom and what for: the tables in privileges/, filled in with what is declared
// (facts: pve-api section 11, pbs-api section 7; threat model 3.1). Pure.
import type { Identity } from '../model/step.ts';
import pbs from './privileges/pbs.json' with { type: 'json' };
import pve from './privileges/pve.json' with { type: 'json' };

/** Whose rights: an identity of the estate, or the login with which PVE writes its backups. */
export type Holder = Identity | 'storage';

/** Something declared on one server, or done there. Keys with `_` and `-` are the same; `name` is its own. */
export type Thing = Readonly<{ kind: string; fields: Readonly<Record<string, unknown>> }>;

export type Need = Readonly<{
  path: string;
  privilege: string;
  /** on the path itself, and not on those below */
  here: boolean;
  holders: readonly Holder[];
  kinds: readonly string[];
}>;

type Row = Readonly<{
  identity: string;
  for: string;
  /** only where the thing has this field, or all of these */
  if?: string | readonly string[];
  unless?: string;
  /** `{a|b}`: a field under either name; `?`: left out where there is none. Without `?` it is the path above instead */
  path: string;
  privileges: readonly string[];
  here?: boolean;
}>;
const tables: Readonly<Record<'pve' | 'pbs', readonly Row[]>> = { pve, pbs };

/** What every command needs. */
export const reading: Thing = { kind: 'reading', fields: {} };
/** Not needed now, and not too much either: what an identity is for. */
const purpose: Thing = { kind: 'purpose', fields: {} };

/** A login that is only there to configure is no resident one, and may do all that this can take; one that also reads may not. */
export const mayOf = (product: 'pve' | 'pbs', holders: readonly Holder[]): readonly Need[] =>
  needsOf(
    product,
    holders.filter((holder) => holder !== 'configure' || !holders.includes('observe')),
    [purpose],
  );

/** Sorted by path and privilege, each once. */
export function needsOf(product: 'pve' | 'pbs', holders: readonly Holder[], things: readonly Thing[]): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const row of tables[product]) {
    const holder = holders.find((one) => one === row.identity);
    if (holder === undefined) continue;
    for (const thing of things.filter(({ kind }) => kind === row.for)) {
      const fields = withDashes(thing.fields);
      if (![row.if ?? []].flat().every((name) => isSet(fields[name]))) continue;
      if (row.unless !== undefined && isSet(fields[row.unless])) continue;
      const [path, here] = [pathOf(row.path, fields), row.here === true];
      for (const privilege of row.privileges)
        note(needs, { path, privilege, here, holders: [holder], kinds: [thing.kind] });
    }
  }
  const order = ({ path, privilege }: Need) => `${path} ${privilege}`;
  return [...needs.values()].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

function note(needs: Map<string, Need>, need: Need): void {
  const key = `${need.path} ${need.privilege}`;
  const before = needs.get(key) ?? need;
  needs.set(key, {
    ...need,
    here: before.here && need.here,
    holders: [...new Set([...before.holders, ...need.holders])],
    kinds: [...new Set([...before.kinds, ...need.kinds])],
  });
}

type Fields = Readonly<Record<string, unknown>>;

const withDashes = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replaceAll('_', '-'), value]));

const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== null && value !== false && value !== '' && value !== 0;

function pathOf(template: string, fields: Fields): string {
  const parts: string[] = [];
  for (const part of template.split('/').filter((one) => one !== '')) {
    const [, names, optional] = /^\{([^?}]+)(\??)\}$/.exec(part) ?? [];
    if (names === undefined) {
      parts.push(part);
      continue;
    }
    const value = names
      .split('|')
      .map((name) => fields[name])
      .find(isSet);
    if (value !== undefined) parts.push(String(value));
    else if (optional === '') break;
  }
  return `/${parts.join('/')}`;
}
