// One pass of retention: walks the points from new to old and marks what a rule keeps (facts: pbs-prune-and-calendar A).
import { type RetentionRule, type StretchRule, stretches } from './retention-rules.ts';

/** A point on its way through the passes. Only a point that no earlier pass marked is looked at. */
export type Candidate = {
  readonly wallSeconds: number;
  readonly finished: boolean;
  /** protected and held points take no place and stand in nobody's way */
  readonly exempt: boolean;
  mark: Mark | undefined;
};

export type Mark =
  | Readonly<{ kind: 'kept'; rule: RetentionRule; place: number; limit: number }>
  | Readonly<{ kind: 'duplicate'; rule: StretchRule }>
  | Readonly<{ kind: 'unfinished'; newest: boolean }>;

export type Limit = Readonly<{ rule: RetentionRule; limit: number }>;

/** What a pass left behind: whether it keeps a point of the same stretch of time as this one. */
export type Pass = Limit & Readonly<{ covers: (wallSeconds: number) => boolean }>;

const unfinished: Mark = { kind: 'unfinished', newest: false };
const unfinishedNewest: Mark = { kind: 'unfinished', newest: true };

/** Newest first; marks the candidates. Without a limit no pass runs. */
export function runPasses(candidates: readonly Candidate[], limits: readonly Limit[]): readonly Pass[] {
  // An unfinished point is kept only where it is the very newest: it may still be being written.
  for (const candidate of candidates)
    if (!candidate.finished) candidate.mark = candidate === candidates[0] ? unfinishedNewest : unfinished;
  const kept: Candidate[] = [];
  return limits.map((limit) => runPass(candidates, kept, limit));
}

/** `kept` holds what earlier passes keep, and takes what this one keeps: no pass has to look at every point again. */
function runPass(candidates: readonly Candidate[], kept: Candidate[], { rule, limit }: Limit): Pass {
  if (rule === 'last') return runLast(candidates, kept, limit);
  const { id } = stretches[rule];
  const covered = new Set(kept.map(({ wallSeconds }) => id(wallSeconds)));
  const included = new Set<number>();
  const duplicate: Mark = { kind: 'duplicate', rule };
  for (const candidate of candidates) {
    if (candidate.mark !== undefined || candidate.exempt) continue;
    const stretch = id(candidate.wallSeconds);
    if (covered.has(stretch)) continue;
    if (included.has(stretch)) candidate.mark = duplicate;
    else if (included.size >= limit) break;
    else {
      candidate.mark = { kind: 'kept', rule, place: included.add(stretch).size, limit };
      kept.push(candidate);
    }
  }
  return { rule, limit, covers: (wall) => covered.has(id(wall)) || included.has(id(wall)) };
}

function runLast(candidates: readonly Candidate[], kept: Candidate[], limit: number): Pass {
  let place = 0;
  for (const candidate of candidates) {
    if (place >= limit) break;
    if (candidate.mark !== undefined || candidate.exempt) continue;
    place += 1;
    candidate.mark = { kind: 'kept', rule: 'last', place, limit };
    kept.push(candidate);
  }
  return { rule: 'last', limit, covers: () => false };
}
