// `77 expected, 76 done; missing: …`: one line for people about what a job owes, with the age of what it says.

import type { JobHistory } from '../model/job-history.ts';
import { formatDuration } from '../values/duration.ts';
import { between, type Instant } from '../values/instant.ts';
import { count, cut, shown } from '../values/text.ts';

const namesShown = 10;

export function coverageText(history: JobHistory, now: Instant): string {
  const { name, last, lastSuccess, nextRun } = history;
  if (last === undefined) {
    const due = nextRun === undefined ? 'it has no schedule' : `due ${nextRun}`;
    return `${name}: pending its first run, ${due}`;
  }
  const { expected, done, missing, excluded } = last.tally;
  const ago = (at: Instant): string => `${formatDuration(between(at, now))} ago`;
  const whole = lastSuccess === undefined ? 'never whole yet' : `last whole ${ago(lastSuccess)}`;
  const parts = [
    `${expected} expected, ${done} done`,
    ...(missing.length === 0 ? [] : [`missing: ${named(missing)}`]),
    ...(excluded.length === 0 ? [] : [`${count(excluded.length, 'item')} left out on purpose`]),
  ];
  return `${name}: ${parts.join('; ')} (run ${last.run}, ${last.outcome}, ended ${ago(last.endedAt)}; ${whole})`;
}

function named(missing: readonly Readonly<{ name: string; says: string }>[]): string {
  const some = missing.slice(0, namesShown).map(({ name, says }) => `${shown(name)} (${cut(shown(says), 120)})`);
  const more = missing.length - some.length;
  return more === 0 ? some.join(', ') : `${some.join(', ')}, and ${more} more`;
}
