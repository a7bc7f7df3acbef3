// The options of a storage entry: which are taken, and what becomes of their values (facts: pve-api section 2).
import type { Chance } from '../chance.ts';
import { splitList } from './formats.ts';
import { died } from './refusal.ts';
import type { Value, Values } from './schema.ts';
import type { StorageType } from './storage-types.ts';

/** Undefined unsets. */
export type Options = Readonly<Record<string, string | number | undefined>>;

const emptyUnsets = ['namespace', 'username', 'nodes', 'prune-backups'];

export function checkedOptions(type: StorageType, given: Values, act: 'create' | 'update'): Options {
  const found: Record<string, string | number | undefined> = {};
  for (const [name, value] of Object.entries(given)) {
    if (![...type.fixed, ...type.optional].includes(name)) throw died(`unexpected property '${name}'`);
    if (act === 'update' && type.fixed.includes(name)) throw died(`can't change value of fixed parameter '${name}'`);
    found[name] = storedValue(type, name, value);
  }
  return found;
}

/** Where several are missing, which of them PVE names is chance. */
export function refuseMissing(type: StorageType, given: Options, chance: Chance): void {
  const [missing] = chance.shuffled(type.fixed.filter((name) => given[name] === undefined));
  if (missing !== undefined) throw died(`missing value for required option '${missing}'`);
}

function storedValue(type: StorageType, name: string, value: Value): string | number | undefined {
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  if (text === '' && emptyUnsets.includes(name)) return undefined;
  if (name === 'content') return storedContent(type, text);
  return name === 'nodes' ? [...new Set(splitList(text))].join(',') : text;
}

// Types that the storage cannot hold are dropped without a word.
function storedContent(type: StorageType, text: string): string {
  const kept = [...new Set(splitList(text))].filter((one) => one === 'none' || type.content.includes(one));
  if (kept.length > 1 && kept.includes('none')) throw died("unable to combine 'none' with other content types");
  return kept.length === 0 ? 'none' : kept.join(',');
}

/** Seen when the file is written: a line feed would begin another option. */
export function refuseLineFeeds(options: Options): void {
  if (Object.values(options).some((value) => String(value ?? '').includes('\n')))
    throw died('property contains a line feed');
}
