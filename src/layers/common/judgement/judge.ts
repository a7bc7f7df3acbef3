// Whether what changed between two generations looks like damage: by shares of the files that were there, so that a busy day is
// none, and by canaries, of which each counts alone. Pure.
import { formatSize, bytes as sizeOf } from '../../../values/size.ts';
import { count, shown } from '../../../values/text.ts';
import type { Gathered } from './changes.ts';
import type { Looked } from './look.ts';
import type { Thresholds } from './thresholds.ts';

export const signals = [
  'canary',
  'scrambled',
  'zeroed',
  'emptied',
  'renamed',
  'replaced',
  'gone',
  'shrunk',
  'frozen',
] as const;
export type Signal = (typeof signals)[number];
export type Reason = Readonly<{ signal: Signal; says: string }>;

export type Verdict =
  | Readonly<{ verdict: 'fine' }>
  | Readonly<{ verdict: 'not known'; because: string }>
  /** `paths`: files that show it, a hundred at the most */
  | Readonly<{ verdict: 'suspicious'; reasons: readonly Reason[]; paths: readonly string[] }>;

export type Evidence = Readonly<{
  /** undefined where there is no earlier generation to compare with */
  gathered: Gathered | undefined;
  /** of `gathered.changed` and `gathered.fresh`, or why nobody could look */
  looked: Readonly<{ changed: readonly Looked[]; fresh: readonly Looked[] }> | string;
  /** what is wrong with canaries */
  canaries: readonly Readonly<{ path: string; says: string }>[];
}>;

const mostPaths = 100;
type Sign = Reason & Readonly<{ paths?: readonly string[] }>;

export function judge({ gathered, looked, canaries }: Evidence, thresholds: Thresholds): Verdict {
  const signs = [...canaries.map(ofCanary), ...(gathered === undefined ? [] : signsIn(gathered, looked, thresholds))];
  if (signs.length > 0)
    return {
      verdict: 'suspicious',
      reasons: signs.map(({ signal, says }) => ({ signal, says })),
      paths: [...new Set(signs.flatMap(({ paths = [] }) => paths))].slice(0, mostPaths),
    };
  if (gathered === undefined)
    return { verdict: 'not known', because: 'there is no earlier generation to compare with' };
  if (typeof looked === 'string')
    return { verdict: 'not known', because: `the files could not be looked into: ${looked}` };
  const unclear = looked.changed.filter(({ content }) => content === 'unclear').length;
  if (
    gathered.before.files > 0 &&
    unclear > 0 &&
    estimate(unclear, looked.changed, gathered.changed.of) > gathered.before.files / 2
  )
    return {
      verdict: 'not known',
      because: `of ${count(unclear, 'file')} that changed nobody can tell what they were`,
    };
  return { verdict: 'fine' };
}

const ofCanary = ({ path, says }: Evidence['canaries'][number]): Sign => ({
  ...{ signal: 'canary', says: `the canary ${shown(path)} ${says}`, paths: [shown(path)] },
});

function signsIn(gathered: Gathered, looked: Evidence['looked'], limits: Thresholds): readonly Sign[] {
  const byContent = typeof looked === 'string' ? [] : contentSigns(gathered, looked, limits);
  return [
    ...byContent,
    ...emptiedSign(gathered, limits),
    ...renamedSigns(gathered, limits),
    ...smallerSigns(gathered, limits),
  ];
}

/** So many of those that were looked into stand for so many of all. */
const estimate = (found: number, looked: readonly unknown[], of: number): number =>
  looked.length === 0 ? 0 : Math.round((found / looked.length) * of);

/** No share counts below so many files; of a handful, half of them. */
const enough = ({ before }: Gathered, { at_least }: Thresholds): number =>
  Math.max(1, Math.min(at_least, Math.ceil(before.files / 2)));

const isShare = (files: number, percent: number, gathered: Gathered, limits: Thresholds): boolean =>
  files >= enough(gathered, limits) && files >= (gathered.before.files * percent) / 100;

const share = (files: number, { before }: Gathered): string =>
  `${files} of ${count(before.files, 'file')} (${Math.round((100 * files) / Math.max(1, before.files))} %)`;

function contentSigns(
  gathered: Gathered,
  { changed, fresh }: Exclude<Evidence['looked'], string>,
  limits: Thresholds,
): readonly Sign[] {
  const signs: Sign[] = [];
  for (const [signal, percent, says] of [
    ['scrambled', limits.scrambled, 'hold noise now, and could be read before'],
    ['zeroed', limits.zeroed, 'are filled with zeros'],
  ] as const) {
    const found = changed.filter(({ content }) => content === signal);
    const all = estimate(found.length, changed, gathered.changed.of);
    // A run that begins while the damage is being done sees little of all, and nothing else that changed.
    const mostOfWhatChanged = all >= enough(gathered, limits) && found.length * 2 >= changed.length;
    if (isShare(all, percent, gathered, limits) || mostOfWhatChanged)
      signs.push({
        signal,
        says: `${share(all, gathered)} ${says}`,
        paths: found.map(({ path }) => shown(path.toString())),
      });
  }
  const unreadable = fresh.filter(({ content }) => content === 'unreadable');
  const replaced = estimate(unreadable.length, fresh, gathered.fresh.of);
  if (isShare(gathered.lost, 30, gathered, limits) && replaced * 2 >= gathered.lost)
    signs.push({
      signal: 'replaced',
      says: `${share(gathered.lost, gathered)} are gone, and ${count(replaced, 'new one')} of other names hold noise`,
      paths: unreadable.map(({ path }) => shown(path.toString())),
    });
  return signs;
}

/** A log that is emptied after it was copied (logrotate, copytruncate) leaves its bytes beside it. */
function emptiedSign(gathered: Gathered, limits: Thresholds): readonly Sign[] {
  const { emptied, before, after } = gathered;
  const isLost = before.bytes - after.bytes >= emptied.bytes / 2;
  if (emptied.bytes === 0 || !isLost || !isShare(emptied.files, limits.zeroed, gathered, limits)) return [];
  return [{ signal: 'emptied', says: `${share(emptied.files, gathered)} are empty, and were not` }];
}

function renamedSigns(gathered: Gathered, limits: Thresholds): readonly Sign[] {
  const { all, commonest } = gathered.endings;
  const [first] = commonest;
  if (first === undefined || !isShare(all, limits.renamed, gathered, limits)) return [];
  const which = commonest.length === 1 ? shown(first.ending) : `${shown(first.ending)} and others`;
  return [{ signal: 'renamed', says: `${share(all, gathered)} got another ending: ${which}` }];
}

function smallerSigns({ before, after }: Gathered, { gone, shrunk, at_least }: Thresholds): readonly Sign[] {
  if (before.files < at_least) return [];
  const signs: Sign[] = [];
  // Many small files may go at once, of a cache or of sessions, and nothing is lost.
  if (after.files <= before.files * (1 - gone / 100) && after.bytes <= before.bytes * 0.9)
    signs.push({ signal: 'gone', says: `there are ${count(after.files, 'file')}, and there were ${before.files}` });
  if (before.bytes > 0 && after.bytes <= before.bytes * (1 - shrunk / 100))
    signs.push({
      signal: 'shrunk',
      says: `all together are ${formatSize(sizeOf(after.bytes))}, and were ${formatSize(sizeOf(before.bytes))}`,
    });
  return signs;
}
