// IANA time zones and their offsets from UTC. UTC needs nothing; the platform's zone data (about 30 ms) is opened with the
// first other zone. Offsets are remembered by day, so that tens of thousands of points cost a few hundred look-ups.

declare const brand: unique symbol;
export type TimeZone = string & { readonly [brand]: 'time-zone' };

export const utc = 'UTC' as TimeZone;

/** Undefined where this machine's zone data has no zone of that name. Case does not count; the zone's own is given back. */
export function parseTimeZone(name: string): TimeZone | undefined {
  if (name === utc || zones.has(name)) return name as TimeZone;
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const format = formatFor(name);
    const known = format.resolvedOptions().timeZone;
    const zone = (known.toLowerCase() === name.toLowerCase() ? known : name) as TimeZone;
    zones.set(zone, zoneShownBy(format));
    return zone;
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** What is wrong with a text that should name a time zone, or undefined. */
export function timeZoneProblem(name: string): string | undefined {
  if (parseTimeZone(name) !== undefined) return undefined;
  if (/^[+-]?\d/.test(name)) return 'is an offset; a zone has a name, such as UTC or Europe/Berlin';
  return 'is no time zone known here; a zone has a name such as UTC or Europe/Berlin';
}

const daySeconds = 86_400;
const formatFor = (name: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', year: 'numeric' });

type Zone = {
  readonly offset: (epochSeconds: number) => number;
  /** the offset at the first second of a day in UTC, by day */
  readonly days: Map<number, number>;
  /** the first second with the new offset, by the day in UTC on which it changes */
  readonly changes: Map<number, number>;
  /** the last day asked about that has one offset throughout: those who ask go from day to day */
  quiet: Readonly<{ day: number; offset: number }>;
};

const zones = new Map<string, Zone>();

function zoneOf(name: TimeZone): Zone {
  const zone = zones.get(name) ?? zoneShownBy(formatFor(name));
  zones.set(name, zone);
  return zone;
}

const zoneShownBy = (format: Intl.DateTimeFormat): Zone => ({
  offset: (epochSeconds) => shownOffset(format.format(epochSeconds * 1000)),
  days: new Map(),
  changes: new Map(),
  quiet: { day: Number.NaN, offset: Number.NaN },
});

/** Reads `1970, GMT+01:00`, `1970, GMT` and, before standard time, `1843, GMT+00:53:28`. */
function shownOffset(shown: string): number {
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(shown);
  if (found === null) throw new Error(`the platform wrote a time zone's offset as "${shown}"`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -offset : offset;
}

/** Seconds the zone is ahead of UTC at that moment. */
export function offsetAt(epochSeconds: number, timeZone: TimeZone): number {
  if (timeZone === utc) return 0;
  const zone = zoneOf(timeZone);
  const day = Math.floor(epochSeconds / daySeconds);
  if (zone.quiet.day === day) return zone.quiet.offset;
  const before = offsetOfDay(zone, day);
  const behind = offsetOfDay(zone, day + 1);
  if (before === behind) {
    zone.quiet = { day, offset: before };
    return before;
  }
  return epochSeconds < changeWithin(zone, day, before) ? before : behind;
}

function offsetOfDay(zone: Zone, day: number): number {
  const known = zone.days.get(day);
  if (known !== undefined) return known;
  const offset = zone.offset(day * daySeconds);
  zone.days.set(day, offset);
  return offset;
}

function changeWithin(zone: Zone, day: number, before: number): number {
  const known = zone.changes.get(day);
  if (known !== undefined) return known;
  let last = day * daySeconds;
  let first = last + daySeconds;
  while (first - last > 1) {
    const middle = Math.floor((first + last) / 2);
    if (zone.offset(middle) === before) last = middle;
    else first = middle;
  }
  zone.changes.set(day, first);
  return first;
}
