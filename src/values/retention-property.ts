// Retention as Proxmox writes it. PVE has one property string (`keep-daily=7,keep-monthly=3`), or an object in the answers
// about jobs; PBS has an option each and no word for keeping everything (facts: pve-api 3, pbs-api 5).
import { type Keep, type KeepName, keepNames, keepProblem, normaliseKeep } from './retention.ts';

export type KeepProblem = Readonly<{ problem: string }>;

const toProxmox = (name: KeepName): string => name.replace('_', '-');

/** `keep-all=1` or the rules that are set, in their order: what PVE itself makes of any other spelling. */
export function keepToProperty(keep: Keep): string {
  const set = normaliseKeep(keep);
  if (set.keep_all === 1) return 'keep-all=1';
  return keepNames.flatMap((name) => (set[name] === undefined ? [] : [`${toProxmox(name)}=${set[name]}`])).join(',');
}

/** The options of a PBS prune job; none at all keeps every point. */
export function keepToOptions(keep: Keep): Readonly<Record<string, number>> {
  const set = normaliseKeep(keep);
  const options: Record<string, number> = {};
  for (const name of keepNames) if (set[name] !== undefined) options[toProxmox(name)] = set[name];
  return options;
}

/**
 * What a server holds: a property string, or a record with anything else of the job in it. Nothing set gives `{}`, which the
 * caller reads as its server does: a PVE storage falls back to the node's setting, a job keeps every point.
 */
export function keepFromProxmox(held: string | Readonly<Record<string, unknown>>): Keep | KeepProblem {
  const entries = typeof held === 'string' ? entriesOf(held) : Object.entries(held).filter(([name]) => isKeep(name));
  if (!Array.isArray(entries)) return entries;
  const keep: Partial<Record<string, number>> = {};
  for (const [name, value] of entries) {
    if (!isKeep(name)) return { problem: `"${name}" is no rule of retention` };
    if (keep[name.replace('-', '_')] !== undefined) return { problem: `${name} stands there twice` };
    const read = name === 'keep-all' ? readBoolean(value) : readCount(value);
    if (read === undefined) return { problem: `${name} is "${String(value)}"` };
    keep[name.replace('-', '_')] = read;
  }
  const problem = keepProblem(keep);
  return problem === undefined ? keep : { problem: `keep-all ${problem}` };
}

const proxmoxNames: readonly string[] = [...keepNames.map(toProxmox), 'keep-all'];
const isKeep = (name: string): boolean => proxmoxNames.includes(name);

function entriesOf(property: string): [string, unknown][] | KeepProblem {
  const entries: [string, unknown][] = [];
  for (const part of property.split(',').filter((one) => one !== '')) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? [];
    if (name === undefined) return { problem: `"${part}" has no value` };
    entries.push([name, value]);
  }
  return entries;
}

const readCount = (value: unknown): number | undefined => (/^\d+$/.test(String(value)) ? Number(value) : undefined);

// Inside a property string PVE takes these words for a boolean.
function readBoolean(value: unknown): 0 | 1 | undefined {
  const word = String(value).toLowerCase();
  if (['1', 'on', 'yes', 'true'].includes(word)) return 1;
  return ['0', 'off', 'no', 'false'].includes(word) ? 0 : undefined;
}
