// Time spans as Proxmox writes them (`1d2h3m`, `48hr`, `55s500ms`): numbers with units in any order, added up (facts: D).
import { type Duration, milliseconds } from './duration.ts';

const inMilliseconds = {
  y: 31_557_600_000,
  M: 2_630_016_000,
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  ns: 1e-6,
} as const;
type Unit = keyof typeof inMilliseconds;

const names: Readonly<Record<Unit, readonly string[]>> = {
  y: ['years', 'year', 'y'],
  M: ['months', 'month', 'M'],
  w: ['weeks', 'week', 'w'],
  d: ['days', 'day', 'd'],
  h: ['hours', 'hour', 'hr', 'h'],
  m: ['minutes', 'minute', 'min', 'm'],
  s: ['seconds', 'second', 'sec', 's'],
  ms: ['msec', 'ms'],
  us: ['usec', 'us', 'µs'],
  ns: ['nsec', 'ns'],
};
const units = Object.keys(names) as Unit[];

export type TimeSpanProblem = Readonly<{ problem: string; at: number }>;

/** A month is 30.44 days and a year 365.25; a number without a unit counts seconds. `at` counts characters from 0. */
export function parseTimeSpan(text: string): Duration | TimeSpanProblem {
  const part = /[ \t]*(\d+)[ \t]*([A-Za-zµ]*)/y;
  let total = 0;
  let at = 0;
  do {
    part.lastIndex = at;
    const [read, digits, word] = part.exec(text) ?? [];
    if (read === undefined) return { problem: at < text.length ? 'expected a number' : 'is empty', at };
    const unit = word === '' ? 's' : units.find((one) => names[one].includes(word ?? ''));
    if (unit === undefined) return { problem: unitProblem(word ?? ''), at: at + read.length - (word ?? '').length };
    total += Number(digits) * inMilliseconds[unit];
    at += read.length;
  } while (at < text.length);
  return milliseconds(total);
}

function unitProblem(word: string): string {
  const meant = units.find((unit) => names[unit].includes(word.toLowerCase()));
  return meant === undefined
    ? `"${word}" is no unit of time; the units are ${units.join(' ')}`
    : `"${word}" is no unit of time, "${word.toLowerCase()}" is; case counts, m is minutes and M months`;
}

const shownUnits = ['y', 'M', 'w', 'd', 'h', 'm'] as const;

/** As Proxmox shows it: largest unit first, whole seconds, tenths only where the whole is less than a second. */
export function formatTimeSpan(span: Duration): string {
  if (span === 0) return '0s';
  if (span < 100) return '<0.1s';
  if (span < 950) return `${(span / 1000).toFixed(1)}s`;
  const parts: string[] = [];
  let rest = Math.round(span / 1000) * 1000;
  for (const unit of shownUnits) {
    const number = Math.floor(rest / inMilliseconds[unit]);
    rest -= number * inMilliseconds[unit];
    if (number > 0) parts.push(`${number}${unit}`);
  }
  if (rest > 0) parts.push(`${rest / 1000}s`);
  return parts.join(' ');
}
