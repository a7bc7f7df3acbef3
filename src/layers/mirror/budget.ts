// Whether a run may displace as much as it would: above the budget it stops, and only somebody who looked at the list lets it go on.
// Pure.
import type { Path } from '../../model/change-journal.ts';
import { type Digest, digestOf } from '../../values/canonical.ts';
import type { Decision } from './decide.ts';
import { amountOf, looksSame, type There } from './states.ts';

export type Weighed = Readonly<{
  /** of the mirror's files, those that would be gone from their place */
  removed: number;
  /** those that would be there with another content */
  overwritten: number;
  /** of both, those that nobody has agreed to */
  unagreed: number;
  allowed: number;
  since: number;
  /** what would be displaced, by the mirror's names; a folder stands for all that is in it */
  list: readonly Path[];
  digest: Digest;
  over: boolean;
}>;

/**
 * @param files in the mirror before the run
 * @param agreed names of a stopped run that was approved: they count no more, whatever else does
 * @param since files that runs have displaced since the content of one became suspicious: all of them together have one budget
 */
export function weigh(
  { displaced, bring, renamed }: Pick<Decision, 'displaced' | 'bring' | 'renamed'>,
  files: number,
  percent: number,
  agreed: ReadonlySet<Path>,
  since = 0,
): Weighed {
  const elsewhere = new Set(renamed.map(({ from }) => from));
  const removing = displaced.filter(({ before, state }) => filesIn(state) > 0 && !elsewhere.has(before));
  // A folder that comes in the place of something, or the other way round, takes all that was there.
  const overwriting = bring.flatMap(({ state, replaces }) =>
    replaces === undefined || looksSame(state, replaces.state) || filesIn(replaces.state) === 0 ? [] : [replaces],
  );
  const all = [...removing, ...overwriting];
  const list = all.map(({ before }) => before).sort();
  const allowed = percent === 0 ? 0 : Math.max(1, Math.floor((files * percent) / 100));
  const unagreed = sum(all.filter(({ before }) => !agreed.has(before)));
  return {
    ...{ removed: sum(removing), overwritten: sum(overwriting), unagreed, allowed, since, list },
    digest: digestOf(list.map((path) => Buffer.from(path, 'latin1').toString('base64'))),
    over: unagreed > 0 && unagreed + since > allowed,
  };
}

const filesIn = (state: There): number => amountOf(state).files;
const sum = (them: readonly Readonly<{ state: There }>[]): number =>
  them.reduce((all, { state }) => all + filesIn(state), 0);
