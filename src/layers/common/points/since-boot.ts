// The moment of a point by the count of its machine, as a manifest and a plan have it: `elapsed` in milliseconds.
import * as z from 'zod';
import { milliseconds } from '../../../values/duration.ts';
import type { SinceBoot } from '../../../values/instant.ts';

export const sinceBootSchema = z.strictObject({ boot: z.string(), elapsed: z.number() });

export function sinceBootOf(value: unknown): SinceBoot | undefined {
  const parsed = sinceBootSchema.safeParse(value);
  return parsed.success ? { boot: parsed.data.boot, elapsed: milliseconds(parsed.data.elapsed) } : undefined;
}
