// The full pass: the whole share against the whole mirror, by rsync. What they differ in and the journal has not spoken of, by then or
// by when it is asked again, it has missed.
import type { Path } from '../../model/change-journal.ts';
import type { Collapsed } from '../../model/collapse-changes.ts';
import type { Manifest } from '../../model/restore-point.ts';
import { between, type Instant, parseInstant } from '../../values/instant.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { below } from './decide.ts';
import { parentOf } from './places.ts';
import type { MirrorEntry } from './schema.ts';

/** When all of it was last compared so; undefined where it never was, or nobody can tell. */
export const lastPass = (
  newest: Manifest | undefined,
  which: 'full_pass_at' | 'content_pass_at' = 'full_pass_at',
): Instant | undefined => {
  const text = newest?.details[which];
  return typeof text === 'string' ? parseInstant(text) : undefined;
};

export type Pass = 'none' | 'attributes' | 'contents';

/** What is due now: a first copy was compared as it was made, but for its content. */
export function passDue(
  { full_pass, content_pass }: Pick<MirrorEntry, 'full_pass' | 'content_pass'>,
  newest: Manifest | undefined,
  now: Instant,
): Pass {
  if (content_pass !== undefined && isDue(content_pass, lastPass(newest, 'content_pass_at'), now)) return 'contents';
  return isDue(full_pass, lastPass(newest), now) ? 'attributes' : 'none';
}

function isDue(span: string, last: Instant | undefined, now: Instant): boolean {
  const every = parseTimeSpan(span);
  return last === undefined || typeof every !== 'number' || between(last, now) >= every;
}

/** Names that no journal has an explanation for. A folder differs, too, where something in it came or went. */
export function unexplained(differ: readonly Path[], ...told: readonly Collapsed[]): readonly Path[] {
  const names = new Set(
    told.flatMap(({ touched, renamed, rescans }) => [
      ...touched.map(({ path }) => path),
      ...renamed.flatMap(({ from, to, now }) => [from, to, now]),
      ...rescans.map(({ path }) => path),
    ]),
  );
  const parents = new Set([...names].map(parentOf));
  const isBelow = below([...names]);
  const missed = differ.filter((path) => !names.has(path) && !parents.has(path) && !isBelow(path));
  const entered = new Set(missed.map(parentOf));
  return missed.filter((path) => (path === '' ? missed.length === 1 : !entered.has(path)));
}
