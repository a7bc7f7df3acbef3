// When a pool will be full, going by what earlier runs saw. A note, never a guard: nobody knows what tomorrow writes. Pure.
import * as z from 'zod';
import { days } from '../../values/duration.ts';
import { after, between, type Instant } from '../../values/instant.ts';

const sample = z.object({ at: z.iso.datetime(), data: z.number(), metadata: z.number() });
export type Sample = Readonly<{ at: Instant; data: number; metadata: number }>;

const span = days(14);

/** What is remembered from one run to the next: two weeks, a sample for each run. */
export function withSample(remembered: unknown, now: Sample): readonly Sample[] {
  const parsed = z.array(sample).safeParse(remembered);
  const before = (parsed.success ? (parsed.data as unknown as readonly Sample[]) : []).filter(
    ({ at }) => at < now.at && after(at, span) >= now.at,
  );
  return [...before, now].slice(-400);
}

/** Undefined where it does not grow, or less than two days are known. */
export function daysToFull(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const elapsed = between(first.at, last.at) / days(1);
  if (elapsed < 2) return undefined;
  const until = (from: number, to: number): number => (to > from ? ((100 - to) / (to - from)) * elapsed : Infinity);
  const soonest = Math.min(until(first.data, last.data), until(first.metadata, last.metadata));
  return Number.isFinite(soonest) ? Math.round(soonest) : undefined;
}
