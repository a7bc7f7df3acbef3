// When a job of ours starts: at a time, after others, or both; and never, by way of others, after itself.
import { isMapping, valuesAt } from '../at.ts';
import { type Path, type Remark, remark } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

type Wait = Readonly<{ path: Path; job: string; after: readonly unknown[] }>;

export function scheduleRemarks(estate: Readonly<Mapping>): readonly Remark[] {
  const entries = valuesAt(estate, 'schedules[]').flatMap(({ path, value }) =>
    isMapping(value) ? [{ path, value }] : [],
  );
  const waits = entries.flatMap(({ path, value: { job, after } }): Wait[] =>
    typeof job === 'string' && Array.isArray(after) ? [{ path, job, after }] : [],
  );
  return [
    ...entries.flatMap(({ path, value }) =>
      value['schedule'] === undefined && value['after'] === undefined
        ? [remark(path, 'says neither when nor after what it runs; write schedule: "02:00", or after: [NAME]')]
        : [],
    ),
    ...waits.flatMap((wait) => circle(wait, waits)),
  ];
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
