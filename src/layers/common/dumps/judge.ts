// Whether what is in a dump looks like damage: rows that went to zero, a database half its size, one that no longer changes though it
// always did. An owner once found fourteen dumps of an empty database, and no other. Pure.
import type { RestorePoint } from '../../../model/restore-point.ts';
import { type Duration, days } from '../../../values/duration.ts';
import { between, type Instant } from '../../../values/instant.ts';
import { bytes, formatSize } from '../../../values/size.ts';
import { count, shown } from '../../../values/text.ts';
import { formatTimeSpan, parseTimeSpan } from '../../../values/time-span.ts';
import type { Reason, Verdict } from '../judgement/judge.ts';
import type { DumpJudgement } from './entry.ts';
import { type Taken, takenIn } from './taken.ts';

type Limits = Readonly<{
  shrunk: number;
  unchanged: Duration;
  /** names of items of which even the last row may not go: who may log in */
  vital?: readonly string[];
}>;

export function limitsOf({ shrunk = 50, unchanged }: DumpJudgement = {}): Limits {
  const span = unchanged === undefined ? undefined : parseTimeSpan(unchanged);
  return { shrunk, unchanged: typeof span === 'number' ? span : days(7) };
}

/** Below it nobody can tell a small database from one that has just been begun. */
const enoughRows = 10;
const enoughBytes = 64 * 1024;

type Sign = Reason & Readonly<{ of: string }>;

/**
 * @param base the newest point that is known to be fine
 * @param points of the same server, oldest first
 * @param failed items that could not be dumped: nothing is known of them
 */
export function judgeDumps(
  now: Readonly<{ takenAt: Instant; items: readonly Taken[] }>,
  base: RestorePoint | undefined,
  points: readonly RestorePoint[],
  failed: readonly string[],
  limits: Limits,
): Verdict {
  if (base === undefined) return { verdict: 'not known', because: 'there is no earlier point to compare with' };
  const signs = takenIn(base.manifest).flatMap((before): readonly Sign[] => {
    const after = now.items.find(({ name }) => name === before.name);
    if (after === undefined) return failed.includes(before.name) ? [] : [...goneSign(before)];
    const emptied = emptiedSign(before, after, limits);
    const smaller = emptied.length > 0 ? emptied : shrunkSign(before, after, limits);
    return smaller.length > 0 ? smaller : frozenSign(after, now.takenAt, points, limits);
  });
  if (signs.length === 0) return { verdict: 'fine' };
  return {
    verdict: 'suspicious',
    reasons: signs.map(({ signal, says }) => ({ signal, says })),
    paths: [...new Set(signs.map(({ of }) => shown(of)))].slice(0, 100),
  };
}

/** Rows where they were counted, or keys. */
const amountIn = ({ counts }: Taken): number | undefined => counts['rows'] ?? counts['keys'];
const wordFor = ({ counts }: Taken): string => (counts['rows'] === undefined ? 'keys' : 'rows');

const goneSign = (before: Taken): readonly Sign[] =>
  (amountIn(before) ?? before.bytes) === 0
    ? []
    : [{ signal: 'gone', of: before.name, says: `${shown(before.name)} is not there any more` }];

function emptiedSign(before: Taken, after: Taken, { vital = [] }: Limits): readonly Sign[] {
  const [had, has] = [amountIn(before) ?? 0, amountIn(after)];
  const [filled, fills] = [before.counts['filled'] ?? 0, after.counts['filled']];
  if (has === 0 && had >= (vital.includes(after.name) ? 1 : enoughRows))
    return [
      { signal: 'emptied', of: after.name, says: `${shown(after.name)} has no ${wordFor(after)}, and had ${had}` },
    ];
  // Tables of sessions and queues are empty at times; half of all tables are not.
  if (fills !== undefined && had >= enoughRows && filled - fills >= 2 && fills <= filled / 2)
    return [
      {
        ...{ signal: 'emptied', of: after.name },
        says: `${shown(after.name)} has rows in ${count(fills, 'table')}, and had in ${filled}`,
      },
    ];
  return [];
}

function shrunkSign(before: Taken, after: Taken, { shrunk }: Limits): readonly Sign[] {
  const left = 1 - shrunk / 100;
  const [had, has] = [amountIn(before), amountIn(after)];
  if (had !== undefined && has !== undefined && had >= enoughRows && has <= had * left)
    return [
      {
        ...{ signal: 'shrunk', of: after.name },
        says: `${shown(after.name)} has ${has} ${wordFor(after)}, and had ${had}`,
      },
    ];
  if (before.bytes >= enoughBytes && after.bytes <= before.bytes * left)
    return [
      {
        ...{ signal: 'shrunk', of: after.name },
        says: `${shown(after.name)} is ${formatSize(bytes(after.bytes))}, and was ${formatSize(bytes(before.bytes))}`,
      },
    ];
  return [];
}

/** What never changes is an archive; what always did and stopped has lost whoever writes to it, or is dumped from the wrong place. */
function frozenSign(
  after: Taken,
  takenAt: Instant,
  points: readonly RestorePoint[],
  { unchanged }: Limits,
): readonly Sign[] {
  const earlier = points.flatMap(({ manifest }) =>
    takenIn(manifest)
      .filter(({ name }) => name === after.name)
      .map((item) => ({ item, takenAt: manifest.takenAt })),
  );
  const changedAt = earlier.findLastIndex(({ item }) => !isSame(item, after));
  const since = earlier[changedAt + 1];
  // What has no bytes of its own is judged with what it lies in.
  if (changedAt === -1 || since === undefined || after.bytes === 0 || (amountIn(after) ?? 1) === 0) return [];
  const span = between(since.takenAt, takenAt);
  // A change or two long ago may be the days it was filled: what changed in one dump of three used to change.
  const changes = earlier.filter(({ item }, at) => at > 0 && !isSame(item, (earlier[at - 1] ?? { item }).item)).length;
  if (span < unchanged || changes < 3 || changes * 3 < changedAt) return [];
  return [
    {
      ...{ signal: 'frozen', of: after.name },
      says: `${shown(after.name)} is the same in every dump for ${formatTimeSpan(span)}, and used to change`,
    },
  ];
}

/** Most dumps of one content differ: they hold the time they were made at. So the kind says what of it tells, or size and rows must do. */
const isSame = (one: Taken, other: Taken): boolean =>
  one.schema === other.schema &&
  amountIn(one) === amountIn(other) &&
  (one.content === undefined || other.content === undefined
    ? one.bytes === other.bytes
    : one.content === other.content);
