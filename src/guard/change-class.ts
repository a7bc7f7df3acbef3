// What a change of a field means for what is protected (threat model, table 2b).
import table from './change-classes.json' with { type: 'json' };
import { type Rule, type RuleName, rules } from './change-rules.ts';
import type { Meaning } from './meaning.ts';

const isRule = (name: string): name is RuleName => Object.hasOwn(rules, name);

const known: Readonly<Record<string, string>> = { ...table.fields, ...table.derived };

/** The rule of a field or of the nearest field it is a part of; undefined where it has none, which is a defect. */
export function ruleOf(field: string): RuleName | undefined {
  for (let path = field; path !== ''; path = path.slice(0, Math.max(path.lastIndexOf('.'), 0))) {
    const name = Object.hasOwn(known, path) ? known[path] : undefined;
    if (name !== undefined && isRule(name)) return name;
  }
  return undefined;
}

/** @param field its path in the estate with `[]` for lists: `pbs_storages[].prune_backups` */
export function classOfChange(field: string, from: unknown, to: unknown): Meaning {
  const name = ruleOf(field);
  if (name === undefined) throw new Error(`${field} has no class of change; give it one in guard/change-classes.json`);
  return (rules[name] satisfies Rule as Rule)(from, to);
}
