// What PVE asks of a backup job beyond its schema (facts: pve-api sections 3 and 4).
import { pveContract } from '../contract/contract.ts';
import { type Properties, parsePropertyString } from './property-string.ts';
import { badParameters, died } from './refusal.ts';
import type { Value, Values } from './schema.ts';

export type JobOptions = Record<string, Value>;

const isSet = (value: Value | undefined): boolean =>
  value !== undefined && value !== 0 && value !== '' && value !== '0';

/** A selection that contradicts itself; `exclude` alone, even empty, means everyone but those. */
export function refuseConflicts(options: JobOptions): void {
  for (const name of ['all', 'exclude', 'pool'])
    if (isSet(options[name]) && isSet(options['vmid']))
      throw badParameters({ [name]: "option conflicts with option 'vmid'" });
  if (options['exclude'] !== undefined && !isSet(options['pool'])) options['all'] = 1;
}

export function refuseNoSelection(options: JobOptions): void {
  if (!['all', 'pool', 'vmid'].some((name) => isSet(options[name])))
    throw badParameters({ vmid: 'property is missing' });
}

const variables = ['cluster', 'guestname', 'node', 'vmid'];

export function refuseBadTemplate(options: JobOptions): void {
  const template = options['notes-template'];
  if (template === undefined) return;
  const text = String(template);
  const refuse = (reason: string) => badParameters({ 'notes-template': `${reason}\n` });
  if (text.includes('\n')) throw refuse('contains a line feed');
  const unknown = [
    ...[...text.matchAll(/\\(.)/g)]
      .filter(([, character = '']) => !/[n\\]/.test(character))
      .map(({ index, 1: character }) => `escape sequence '\\${character}' at char ${index}`),
    // PVE counts from the end of the whole variable, braces included.
    ...[...text.matchAll(/\{\{([^\s{}]+)\}\}/g)]
      .filter(([, name = '']) => !variables.includes(name))
      .map(({ index, 0: whole, 1: name = '' }) => `variable '${name}' at char ${index + whole.length - name.length}`),
  ];
  if (unknown.length > 0) throw refuse(`found unknown: ${unknown.join(', ')}`);
}

export function propertiesIn(name: string, text: string): Properties {
  const format = pveContract.formats[{ fleecing: 'backup-fleecing', performance: 'backup-performance' }[name] ?? name];
  const read = parsePropertyString(name, text, format ?? {});
  if ('problem' in read) throw badParameters({ [name]: `invalid format - ${read.problem}\n` });
  return read.found;
}

/** As jobs keep it: nothing set means everything is kept, and a `keep-all=0` beside others is left out. */
export function normalPrune(text: string): string {
  const kept = Object.entries(propertiesIn('prune-backups', text)).filter(([name]) => name !== 'keep-all');
  return kept.some(([, count]) => Number(count) > 0)
    ? kept.map(([name, count]) => `${name}=${count}`).join(',')
    : 'keep-all=1';
}

/** Undefined where there is none, or where none is switched on. */
export function fleecingStorage(options: Values): string | undefined {
  if (options['fleecing'] === undefined) return undefined;
  const { enabled = 0, storage } = propertiesIn('fleecing', String(options['fleecing']));
  if (Number(enabled) === 0) return undefined;
  if (storage === undefined) throw badParameters({ fleecing: "'storage' must be set when fleecing is enabled" });
  return String(storage);
}

/** The old way to say when: a time of day and, at will, days. It is stored as a schedule. */
export function scheduleIn(params: Values): string | undefined {
  const { schedule, starttime, dow } = params;
  if (starttime === undefined) return schedule === undefined ? undefined : String(schedule);
  if (schedule !== undefined) throw badParameters({ starttime: "'starttime' and 'schedule' cannot both be set" });
  return dow === undefined ? String(starttime) : `${dow} ${starttime}`;
}

export function oneLine(value: Value): string {
  const text = String(value).trim();
  if (text.includes('\n')) throw died('property contains a line feed');
  return text;
}
