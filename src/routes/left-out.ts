// What is left out on purpose, by whom, and until when that was to be looked at again. Pure.
import type { Exclusion } from '../model/estate.ts';
import type { Note } from '../model/plan.ts';
import type { Carrier, NotCarried } from '../model/route.ts';
import { ref } from '../values/ref.ts';
import { shown } from '../values/text.ts';

export type LeftOutBy = NotCarried &
  Readonly<{
    /** the layer or job; undefined where the estate says it of itself */
    by: string | undefined;
    /** its day of review is over */
    overdue: boolean;
  }>;

/** @param today `YYYY-MM-DD`, in the estate's zone */
export function leftOutIn(
  carriers: readonly Carrier[],
  exclusions: readonly Exclusion[],
  today: string,
): readonly LeftOutBy[] {
  const own = exclusions.map(({ subject, ...said }): NotCarried & { by: undefined } => ({
    ...said,
    what: subject,
    regenerable: false,
    by: undefined,
  }));
  const carried = carriers.flatMap(({ name: by, routes }) =>
    routes.flatMap((route) => route.leftOut.map((one) => ({ ...one, by }))),
  );
  return [...carried, ...own].map((one) => ({ ...one, overdue: one.review_by !== undefined && one.review_by < today }));
}

export const overdueNotes = (leftOut: readonly LeftOutBy[]): readonly Note[] =>
  leftOut
    .filter(({ overdue }) => overdue)
    .map(({ by, what, owner, review_by }) => ({
      subject: by === undefined ? ref('exclusion', what) : ref('layer', by),
      level: 'warning',
      says: `${shown(what)} is left out, and that was to be looked at again by ${review_by}${owner === undefined ? '' : ` (${shown(owner)})`}. It still is left out: decide anew, and set \`review_by\``,
    }));
