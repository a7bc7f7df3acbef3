// When a job of ours starts: at a time, after others, or both; and never, by way of others, after itself.
import { parseTimeSpan } from '../../values/time-span.ts';
import { isMapping, valuesAt } from '../at.ts';
import { type Path, type Remark, remark } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

type Wait = Readonly<{ path: Path; job: string; after: readonly unknown[] }>;

export function scheduleRemarks(estate: Readonly<Mapping>): readonly Remark[] {
  const entries = valuesAt(estate, 'schedules[]').flatMap(({ path, value }) =>
    isMapping(value) ? [{ path, value }] : [],
  );
  const waits = entries.flatMap(({ path, value: { job, after } }): Wait[] =>
    typeof job === 'string' && Array.isArray(after) ? [{ path, job, after: after.map(jobOf) }] : [],
  );
  return [
    ...entries.flatMap(({ path, value }) =>
      value['schedule'] === undefined && value['after'] === undefined
        ? [remark(path, 'says neither when nor after what it runs; write schedule: "02:00", or after: [NAME]')]
        : [],
    ),
    ...entries.flatMap(({ path, value }) => spans(path, value)),
    ...waits.flatMap((wait) => [...circle(wait, waits), ...twice(wait)]),
  ];
}

/** `photos`, or `{ job: photos, needs: done }`. */
const jobOf = (after: unknown): unknown => (isMapping(after) ? after['job'] : after);

function spans(path: Path, { window, deadline }: Readonly<Mapping>): readonly Remark[] {
  const [wanted, most] = [window, deadline].map((text) => (typeof text === 'string' ? parseTimeSpan(text) : undefined));
  if (typeof wanted !== 'number' || typeof most !== 'number' || most >= wanted) return [];
  return [
    remark([...path, 'deadline'], 'stops a run within its window; write at least as long a span as `window` has'),
  ];
}

function twice({ path, after }: Wait): readonly Remark[] {
  const again = after.findIndex((name, index) => after.indexOf(name) < index);
  return again < 0 ? [] : [remark([...path, 'after', again], 'is named twice; once is enough')];
}

function circle(start: Wait, waits: readonly Wait[]): readonly Remark[] {
  const seen = new Set<unknown>();
  const open = start.after.map((name) => [start.job, name]);
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    const name = way.at(-1);
    if (name === start.job)
      return [remark([...start.path, 'after'], `waits for itself: ${way.join(' after ')}; break the circle`)];
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { after } of waits.filter(({ job }) => job === name))
      for (const next of after) open.push([...way, next]);
  }
  return [];
}
