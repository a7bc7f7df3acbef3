// When a login ends: a day (its first second, UTC) or a moment in the estate, seconds since 1970 on the PBS, where 0 and
// nothing both mean never (facts: pbs-api section 7).
import * as z from 'zod';
import { whole } from '../../proxmox/decode.ts';
import type { Json } from '../../values/canonical.ts';
import { epochSeconds, instantAt, parseInstant } from '../../values/instant.ts';
import type { Field } from './field.ts';

const none = 'none';
// The year 10000: days from then on are no longer written with four digits, and stand in the estate as the server has them.
const beyondDays = 253_402_300_800;

export const expiry = (param: string): Field => ({
  params: [param],
  standard: none,
  undeletable: true,
  from: (row) => written(whole(row[param]) ?? 0),
  to: (value) => {
    const seconds = secondsOf(value);
    // 0 would be never: what cannot be read must not become that.
    if (seconds === undefined) throw new Error(`${String(value)} is no time`);
    return { [param]: seconds };
  },
});

function written(seconds: number): Json {
  if (seconds <= 0) return none;
  if (seconds >= beyondDays) return seconds;
  const moment = instantAt(seconds * 1000);
  return moment.endsWith('T00:00:00.000Z') ? moment.slice(0, 10) : moment.replace('.000Z', 'Z');
}

/** Undefined where it is no time: a day that its month does not have is none. */
function secondsOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  const text = String(value);
  if (text === none) return 0;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const moment = parseInstant(isDay ? `${text}T00:00:00Z` : text);
  if (moment === undefined || (isDay && !moment.startsWith(text))) return undefined;
  return epochSeconds(moment);
}

const noDate = 'is no date; write a day (2027-12-31: its first second, UTC), a moment (2027-12-31T18:00:00Z), or none';

export const expires = z
  .union([z.literal(0), z.literal(none), z.string(), z.int().min(beyondDays)], { error: noDate })
  .refine((value) => value === 0 || value === none || (secondsOf(value) ?? 0) > 0, noDate)
  .describe('the day (UTC) or moment from which on it no longer works; `none`: never');
