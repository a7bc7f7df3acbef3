// Prune selection a second time, in the plainest way and with nothing of ours in it: lists, loops over the whole list, names of
// hours and days as texts, the calendar of another library (facts: pbs-prune-and-calendar A).
import { Temporal } from 'temporal-polyfill';

export const plainRules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type PlainRule = (typeof plainRules)[number];

export type PlainSnapshot = Readonly<{ time: number; finished: boolean; protected: boolean }>;
export type PlainOptions = Readonly<Partial<Record<PlainRule, number>>>;

/** `by` is the pass that marked it; `-` where none did. */
export type PlainAnswer = Readonly<{
  snapshot: PlainSnapshot;
  mark: 'Keep' | 'Remove' | 'KeepPartial' | 'Protected';
  by: PlainRule | 'unfinished' | 'all' | '-';
}>;

const two = (number: number | undefined): string => String(number).padStart(2, '0');

/** The text that two snapshots share when they fall into the same hour, day, week, month or year of the server. */
export function plainBucket(rule: PlainRule, { time }: PlainSnapshot, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(time * 1000).toZonedDateTimeISO(zone);
  const day = `${local.year}-${two(local.month)}-${two(local.day)}`;
  if (rule === 'last') return local.toInstant().toString();
  if (rule === 'hourly') return `${day} ${two(local.hour)}:00`;
  if (rule === 'daily') return day;
  if (rule === 'weekly') return `${local.yearOfWeek}-W${two(local.weekOfYear)}`;
  return rule === 'monthly' ? `${local.year}-${two(local.month)}` : `${local.year}`;
}

/** Newest first. */
export function plainPrune(
  snapshots: readonly PlainSnapshot[],
  options: PlainOptions,
  zone: string,
): readonly PlainAnswer[] {
  const list = snapshots.toSorted((one, other) => other.time - one.time);
  let sum = 0;
  for (const rule of plainRules) sum += options[rule] ?? 0;
  if (sum === 0)
    return list.map((snapshot) => ({ snapshot, mark: snapshot.protected ? 'Protected' : 'Keep', by: 'all' }));

  const marks = new Map<PlainSnapshot, Omit<PlainAnswer, 'snapshot'>>();
  for (const snapshot of list)
    if (!snapshot.finished)
      marks.set(snapshot, { mark: snapshot === list[0] ? 'KeepPartial' : 'Remove', by: 'unfinished' });

  for (const rule of plainRules) {
    const limit = options[rule];
    if (limit === undefined) continue;
    const names = new Map(list.map((snapshot) => [snapshot, plainBucket(rule, snapshot, zone)]));
    const already: (string | undefined)[] = [];
    for (const snapshot of list) if (marks.get(snapshot)?.mark === 'Keep') already.push(names.get(snapshot));
    const included: (string | undefined)[] = [];
    for (const snapshot of list) {
      const name = names.get(snapshot);
      if (marks.has(snapshot)) continue;
      if (snapshot.protected) {
        marks.set(snapshot, { mark: 'Protected', by: '-' });
        continue;
      }
      if (already.includes(name)) continue;
      if (included.includes(name)) {
        marks.set(snapshot, { mark: 'Remove', by: rule });
        continue;
      }
      if (included.length >= limit) break;
      included.push(name);
      marks.set(snapshot, { mark: 'Keep', by: rule });
    }
  }

  const answers: PlainAnswer[] = [];
  for (const snapshot of list) {
    if (snapshot.protected) answers.push({ snapshot, mark: 'Protected', by: '-' });
    else answers.push({ snapshot, ...(marks.get(snapshot) ?? { mark: 'Remove', by: '-' }) });
  }
  return answers;
}
