// Everything that comes before the first byte moves: whether the share is there, what the journal says, what is to be done, and whether
// that much may be.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Path } from '../../model/change-journal.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Instant } from '../../values/instant.ts';
import type { Changes } from '../common/changes/changes.ts';
import { readChanges } from '../common/changes/read.ts';
import { type Standing, standingOf } from '../common/judgement/standing.ts';
import { type Weighed, weigh } from './budget.ts';
import { type Agreed, agreedTo, stop } from './consent.ts';
import type { Decision } from './decide.ts';
import { type Pass, passDue, unexplained } from './full-pass.ts';
import { type Newest, newestPoint } from './history.ts';
import { type Canaries, canariesIn, displacedSince } from './judged.ts';
import { differences, look, type Wanted } from './look.ts';
import type { Mark } from './mark.ts';
import { journalOf, type MirrorPlace } from './places.ts';
import { checkAway, checkShare } from './share.ts';
import { isFolder, type State, statesOf } from './states.ts';

export type Decided = Readonly<{
  mark: Mark;
  newest: Newest | undefined;
  /** false on the first run */
  mirrored: boolean;
  files: number;
  excluded: readonly Path[];
  changes: Changes;
  decision: Decision;
  weighed: Weighed;
  agreed: Agreed;
  used: readonly string[];
  /** how all was compared in this run, and what the journal had missed then */
  pass: Pass;
  missed: readonly Path[];
  /** of those, what has the size and times of the share's file, and another content */
  damaged: readonly Path[];
  standing: Standing;
  canaries: Canaries;
}>;

export async function decided(
  place: MirrorPlace,
  { mark, now, points }: Readonly<{ mark: Mark; now: Instant; points: readonly RestorePoint[] }>,
  context: StepContext,
): Promise<Decided> {
  const { machine, entry } = place;
  const newest = await newestPoint(place);
  const mirrored = newest !== undefined && (await machine.files.info(place.tree)) !== undefined;
  const files = newest?.manifest.counts['files'] ?? 0;
  await checkShare(place, files, context.signal);
  const changes = await readChanges(journalOf(place, context.signal));
  checkAway(entry, changes);
  const excluded = entry.exclude.map(({ path }) => Buffer.from(path).toString('latin1'));
  const silent = changes.watch.state === 'silent';
  const wanted = {
    changes: silent ? { ...changes, rescans: [{ path: '', why: 'started' as const }] } : changes,
    owed: newest?.owed ?? [],
    ...{ excluded, mirrored },
  };
  const pass = mirrored ? passDue(entry, newest?.manifest, now) : 'none';
  const { missed, damaged } =
    pass === 'none' ? nothing : await missedIn(place, { ...wanted, contents: pass === 'contents' }, context);
  const looked = await look(place, { ...wanted, owed: [...wanted.owed, ...missed, ...damaged] }, context);
  const decision = await counted(place, looked, context.signal);
  const used = usedIn(newest?.manifest.details['approvals_used']);
  const agreed = await agreedTo(place, used);
  const standing = standingOf(points, entry.suspicious_approved);
  const weighed = weigh(decision, files, entry.budget, agreed.names, displacedSince(points, standing));
  const canaries = await canariesIn(place, context);
  if (mirrored && weighed.over) await stop(place, weighed, files, canaries);
  return {
    ...{ mark, newest, mirrored, files, excluded, changes, decision, weighed, agreed, used, pass, missed, damaged },
    ...{ standing, canaries },
  };
}

const usedIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const nothing: Pick<Decided, 'missed' | 'damaged'> = { missed: [], damaged: [] };

/** What differs and the journal has not spoken of, neither before the comparison nor while it was made. */
async function missedIn(
  place: MirrorPlace,
  {
    changes,
    owed,
    excluded,
    contents,
  }: Pick<Wanted, 'changes' | 'owed' | 'excluded'> & Readonly<{ contents: boolean }>,
  watched: Pick<StepContext, 'signal' | 'progress'>,
): Promise<Pick<Decided, 'missed' | 'damaged'>> {
  const damaged = new Set<Path>();
  const differ = await differences(place, [''], excluded, watched, contents ? damaged : undefined);
  if (differ.length === 0) return nothing;
  const since = await readChanges(journalOf(place, watched.signal));
  const owing = { touched: owed.map((path) => ({ path, folder: false })), renamed: [], rescans: [] };
  const missed = unexplained(differ, changes, since, owing);
  return { missed: missed.filter((path) => !damaged.has(path)), damaged: missed.filter((path) => damaged.has(path)) };
}

/** How many files leave with a folder that is displaced. */
async function counted({ machine, tree }: MirrorPlace, decision: Decision, signal: AbortSignal): Promise<Decision> {
  const { displaced, bring } = decision;
  const replaced = bring.flatMap(({ replaces }) => (replaces === undefined ? [] : [replaces]));
  const folders = [...displaced, ...replaced].filter(({ state }) => isFolder(state)).map(({ before }) => before);
  const states = await statesOf(machine, tree, folders, signal, 'counted');
  const withCount = <One extends Readonly<{ before: Path; state: State }>>(one: One): One => {
    const state = states.get(one.before);
    return isFolder(state) ? { ...one, state } : one;
  };
  return {
    ...decision,
    displaced: displaced.map(withCount),
    bring: bring.map((one) => (one.replaces === undefined ? one : { ...one, replaces: withCount(one.replaces) })),
  };
}
