// How the volumes of one workload were taken: in one moment, while whoever writes them was held, or in a row, and then why. A word of it
// stands in the tag `hf.together` of each snapshot; who it was stands in the result of the step. Pure.
import { formatDuration, milliseconds } from '../../../values/duration.ts';

/** Why they are not of one moment, as the script on the machine has it, and in words. */
export const reasonsForRow = {
  used: 'one of them is in use by the host itself (mounted there or in a container, or under a loop device or a mapper), and nobody can be held',
  unread: 'who has them open could not be found out',
  stays: 'somebody who has one of them open could not be held',
  unwatched: 'nobody could be set to let the writers go on if the run was killed, so they were not held',
  late: 'the time for which writers may be held was over before the last snapshot',
  went: 'somebody else let a writer go on meanwhile',
  joined: 'somebody opened one of them for writing meanwhile',
} as const;
export type ReasonForRow = keyof typeof reasonsForRow;

/** `because` is undefined where nobody was to be held. */
export type Together = Readonly<{ oneMoment: true } | { oneMoment: false; because: ReasonForRow | undefined }>;

/** `one-moment`, `in-a-row`, `in-a-row:late`; undefined for anything else. */
export function readTogether(text: string | undefined): Together | undefined {
  if (text === 'one-moment') return { oneMoment: true };
  const [, because] = /^in-a-row(?::([a-z]+))?$/.exec(text ?? '') ?? [undefined, null];
  return because === null ? undefined : { oneMoment: false, because: reasonOf(because) };
}

export const reasonOf = (word: string | undefined): ReasonForRow | undefined =>
  (Object.keys(reasonsForRow) as ReasonForRow[]).find((one) => one === word);

type Taken = Readonly<{ group: string | undefined; skew: number | undefined; together: Together | undefined }>;

/** Undefined for a lone volume, and for what was taken before this was told apart. */
export function howTaken({ group, skew, together }: Taken): string | undefined {
  if (group === undefined || together === undefined) return undefined;
  if (together.oneMoment) return 'one moment with its workload';
  return inARow(skew);
}

/** @param skew milliseconds between the first and the last of them at most */
const inARow = (skew: number | undefined): string =>
  skew === undefined ? 'in a row' : `in a row, up to ${formatDuration(milliseconds(skew))} apart`;

export const whyInARow = (skew: number | undefined, because: ReasonForRow): string =>
  `taken ${inARow(skew)}, and not in one moment: ${reasonsForRow[because]}`;
