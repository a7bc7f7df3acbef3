// A verdict as the manifest of a point holds it: `details.judgement`. From the points alone it is known whether a suspicion stands.
import * as z from 'zod';
import type { Manifest, PointId } from '../../../model/restore-point.ts';
import { digestOf, type Json } from '../../../values/canonical.ts';
import { count, cut } from '../../../values/text.ts';
import { asGiven } from '../given.ts';
import { signals, type Verdict } from './judge.ts';
import type { Approval } from './thresholds.ts';

const judged = z.union([
  z.strictObject({ verdict: z.literal('fine'), against: z.string().nullable() }),
  z.strictObject({ verdict: z.literal('not known'), against: z.string().nullable(), because: z.string() }),
  z.strictObject({
    verdict: z.literal('suspicious'),
    /** the point it was judged against: the newest one that is known to be fine */
    against: z.string().nullable(),
    /** what an approval names: the same as long as the same is suspicious against the same point */
    suspicion: z.string(),
    reasons: z.array(z.strictObject({ signal: z.enum(signals), says: z.string() })),
    /** files that show it, a hundred at the most */
    paths: z.array(z.string()),
  }),
]);
export type Judged = z.infer<typeof judged>;
export type Suspicious = Extract<Judged, { verdict: 'suspicious' }>;

const longest = 300;

/** @param of whose points they are: the layer and the source */
export function judgedAs(verdict: Verdict, against: PointId | undefined, of: readonly Json[]): Judged {
  const since = against ?? null;
  if (verdict.verdict !== 'suspicious') return { ...verdict, against: since };
  const { reasons, paths } = verdict;
  const which = [...new Set(reasons.map(({ signal }) => signal))].sort();
  return {
    ...{ verdict: 'suspicious', against: since, suspicion: digestOf([...of, since, which]).slice(0, 12) },
    reasons: reasons.slice(0, 20).map(({ signal, says }) => ({ signal, says: cut(says, longest) })),
    paths: paths.map((path) => cut(path, longest)),
  };
}

export const judgementDetail = (one: Judged): Json => asGiven(one);

/** Undefined of a point that nobody judged. */
export function judgedIn({ details }: Pick<Manifest, 'details'>): Judged | undefined {
  const parsed = judged.safeParse(details['judgement']);
  return parsed.success ? parsed.data : undefined;
}

/** What a run says that made such a point: it is `degraded` by it. */
export function complaintsOf(one: Judged): readonly string[] {
  if (one.verdict !== 'suspicious') return [];
  const { suspicion, reasons, paths } = one;
  const some = paths.slice(0, 5).join(', ');
  const which =
    paths.length === 0 ? '' : ` (${some}${paths.length > 5 ? ` and ${count(paths.length - 5, 'more', 'more')}` : ''})`;
  return [
    `its content is suspicious (suspicion ${suspicion}): ${reasons.map(({ says }) => says).join('; ')}${which}; older points are held ` +
      'until it is approved (`suspicious_approved`) or the files are as before',
  ];
}

/** How a point looks in a list of points, in a few words; undefined where nothing is to be said of its content. */
export function judgedWords(
  manifest: Pick<Manifest, 'details'>,
  approved: readonly Approval[] = [],
): string | undefined {
  const one = judgedIn(manifest);
  if (one?.verdict === 'not known' && one.against !== null) return 'its content is not judged';
  if (one?.verdict !== 'suspicious') return undefined;
  const which = [...new Set(one.reasons.map(({ signal }) => signal))].join(', ');
  const isApproved = approved.some(({ suspicion }) => suspicion === one.suspicion);
  return `its content is suspicious (${which}; suspicion ${one.suspicion}${isApproved ? ', approved' : ''})`;
}
