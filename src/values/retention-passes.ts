// One pass of retention: walks the points from new to old and marks what a rule keeps (facts: pbs-prune-and-calendar A).
import { type RetentionRule, type StretchRule, stretches } from './retention-rules.ts';

/**
 * The points on their way through the passes, newest first, in columns: a hundred thousand objects would cost more to make and
 * to clear up than all that is decided of them. Only a point that no earlier pass marked is looked at.
 */
export type Candidates = Readonly<{
  wallSeconds: Float64Array;
  /** bits: `isFinished`, `isExempt` */
  states: Uint8Array;
  marks: (Mark | undefined)[];
}>;

/** It is complete. */
export const isFinished = 1;
/** It is protected or held: it takes no place, and stands in nobody's way. */
export const isExempt = 2;

export type Mark =
  | Readonly<{ kind: 'kept'; rule: RetentionRule; place: number; limit: number }>
  | Readonly<{ kind: 'duplicate'; rule: StretchRule }>
  | Readonly<{ kind: 'unfinished'; newest: boolean }>;

export type Limit = Readonly<{ rule: RetentionRule; limit: number }>;

/** What a pass left behind: whether it keeps a point of the same stretch of time as this one. */
export type Pass = Limit & Readonly<{ covers: (wallSeconds: number) => boolean }>;

const unfinished: Mark = { kind: 'unfinished', newest: false };
const unfinishedNewest: Mark = { kind: 'unfinished', newest: true };

/** Marks the candidates. Without a limit no pass runs. */
export function runPasses(candidates: Candidates, limits: readonly Limit[]): readonly Pass[] {
  const { states, marks } = candidates;
  // An unfinished point is kept only where it is the very newest: it may still be being written.
  for (let index = 0; index < marks.length; index += 1)
    if (((states[index] ?? 0) & isFinished) === 0) marks[index] = index === 0 ? unfinishedNewest : unfinished;
  const kept: number[] = [];
  return limits.map((limit) => runPass(candidates, kept, limit));
}

/** `kept` holds when those are that earlier passes keep, and takes what this one keeps: no pass looks at every point again. */
function runPass(candidates: Candidates, kept: number[], { rule, limit }: Limit): Pass {
  if (rule === 'last') return runLast(candidates, kept, limit);
  const { id } = stretches[rule];
  const { wallSeconds, states, marks } = candidates;
  const covered = new Set(kept.map(id));
  const included = new Set<number>();
  const duplicate: Mark = { kind: 'duplicate', rule };
  for (const [index, wall] of wallSeconds.entries()) {
    if (marks[index] !== undefined || ((states[index] ?? 0) & isExempt) !== 0) continue;
    const stretch = id(wall);
    if (covered.has(stretch)) continue;
    if (included.has(stretch)) marks[index] = duplicate;
    else if (included.size >= limit) break;
    else {
      marks[index] = { kind: 'kept', rule, place: included.add(stretch).size, limit };
      kept.push(wall);
    }
  }
  return { rule, limit, covers: (wall) => covered.has(id(wall)) || included.has(id(wall)) };
}

function runLast({ wallSeconds, states, marks }: Candidates, kept: number[], limit: number): Pass {
  let place = 0;
  for (const [index, wall] of wallSeconds.entries()) {
    if (place >= limit) break;
    if (marks[index] !== undefined || ((states[index] ?? 0) & isExempt) !== 0) continue;
    place += 1;
    marks[index] = { kind: 'kept', rule: 'last', place, limit };
    kept.push(wall);
  }
  return { rule: 'last', limit, covers: () => false };
}
