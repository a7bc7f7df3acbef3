// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { keepSchema } from '../../values/retention.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { mirrorEntry } from './schema.ts';

export const bringGiven = z.strictObject({ entry: mirrorEntry, timeZone: z.string() });

const part = z.strictObject({ name: z.string(), bytes: z.number(), sha256: z.string() });

export const turnGiven = z.strictObject({
  entry: mirrorEntry,
  id: z.string(),
  takenAt: z.iso.datetime(),
  source: z.record(z.string(), z.string()),
  counts: z.record(z.string(), z.int()),
  parts: z.array(part),
  details: z.record(z.string(), z.json()),
  /** what is acknowledged when the point is sealed */
  journal: z.strictObject({ id: z.string(), up_to: z.int(), until: z.string().optional() }),
  first: z.boolean(),
  policy: keepSchema.optional(),
  since_boot: sinceBootSchema.optional(),
});

export const forgetGiven = z.strictObject({ entry: mirrorEntry });

const absolute = z.string().startsWith('/');
export const restoreGiven = z.strictObject({
  entry: mirrorEntry,
  /** of the point */
  id: z.string(),
  folder: absolute,
  target: absolute,
  /** a path of the share; without it, all of it */
  only: z.string().optional(),
});
