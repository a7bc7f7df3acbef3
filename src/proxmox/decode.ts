// What Proxmox answers, read tolerantly: booleans come as 1, "1", true or not at all, numbers also as digit strings, sets
// as a list or a string, in random order (facts: pve-api sections 1 and 12). What is not understood is undefined, not a guess.
import { Fault } from '../fault.ts';
import type { ProxmoxApi } from './api.ts';

export type Row = Readonly<Record<string, unknown>>;

export const flag = (value: unknown): boolean =>
  value === true || value === 1 || (typeof value === 'string' && /^(?:1|true|yes|on)$/i.test(value));

/** True where the server says nothing: some switches are on unless they are set to off. */
export const flagUnlessOff = (value: unknown): boolean => value === undefined || value === null || flag(value);

export function figure(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export function whole(value: unknown): number | undefined {
  const number = figure(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Empty means unset throughout both APIs. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A set, sorted, each name once; from a list, or from a string split as PVE splits it. */
export function set(value: unknown): readonly string[] {
  const names = Array.isArray(value) ? value.map(text) : (text(value) ?? '').split(/[,;\s\0]+/);
  return [...new Set(names)].filter((name) => name !== undefined && name !== '').sort() as readonly string[];
}

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function row(api: ProxmoxApi, what: string, value: unknown): Row {
  if (isRow(value)) return value;
  throw misshapen(api, what, 'an object', value);
}

export function rows(api: ProxmoxApi, what: string, value: unknown): readonly Row[] {
  if (!Array.isArray(value)) throw misshapen(api, what, 'a list', value);
  return value.map((entry) => row(api, what, entry));
}

/** A field without which the row means nothing. */
export function name(api: ProxmoxApi, what: string, from: Row, key: string): string {
  const found = text(from[key]);
  if (found !== undefined) return found;
  throw misshapen(api, what, `a \`${key}\` in each entry`, from[key]);
}

export const byName =
  <Entry>(nameOf: (entry: Entry) => string) =>
  (one: Entry, other: Entry): number =>
    nameOf(one) < nameOf(other) ? -1 : 1;

export const misshapen = (api: ProxmoxApi, what: string, expected: string, value: unknown): Fault =>
  new Fault('answer-not-understood', {
    where: `${api.name} (${api.audience}), ${what}`,
    says: `it should have answered ${expected}, and answered ${Array.isArray(value) ? 'a list' : value === null ? 'nothing' : typeof value}`,
    remedy:
      'see whether a proxy stands before the server, and which version it runs; then report this with the version',
  });
