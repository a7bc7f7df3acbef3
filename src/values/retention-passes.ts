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

/** Newest first; marks the candidates. Without a limit no pass runs. */
export function runPasses(candidates: readonly Candidate[], limits: readonly Limit[]): readonly Pass[] {
  // An unfinished point is kept only where it is the very newest: it may still be being written.
  for (const [index, candidate] of candidates.entries())
    if (!candidate.finished) candidate.mark = { kind: 'unfinished', newest: index === 0 };
  return limits.map((limit) => runPass(candidates, limit));
}

function runPass(candidates: readonly Candidate[], { rule, limit }: Limit): Pass {
  if (rule === 'last') return runLast(candidates, limit);
  const { id } = stretches[rule];
  const covered = new Set<number>();
  for (const { mark, wallSeconds } of candidates) if (mark?.kind === 'kept') covered.add(id(wallSeconds));
  const included = new Set<number>();
  for (const candidate of candidates) {
    if (candidate.mark !== undefined || candidate.exempt) continue;
    const stretch = id(candidate.wallSeconds);
    if (covered.has(stretch)) continue;
    if (included.has(stretch)) candidate.mark = { kind: 'duplicate', rule };
    else if (included.size >= limit) break;
    else candidate.mark = { kind: 'kept', rule, place: included.add(stretch).size, limit };
  }
  return { rule, limit, covers: (wall) => covered.has(id(wall)) || included.has(id(wall)) };
}

function runLast(candidates: readonly Candidate[], limit: number): Pass {
  const free = candidates.filter(({ mark, exempt }) => mark === undefined && !exempt);
  for (const [index, candidate] of free.slice(0, limit).entries())
    candidate.mark = { kind: 'kept', rule: 'last', place: index + 1, limit };
  return { rule: 'last', limit, covers: () => false };
}
