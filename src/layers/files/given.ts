// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { snapshotsGiven } from '../common/sources/snapshots.ts';
import { filesEntry } from './schema.ts';
import { sourceSchema } from './source.ts';

export const lookGiven = z.strictObject({
  entry: filesEntry,
  timeZone: z.string(),
  snapshots: snapshotsGiven.optional(),
});

export const copyGiven = z.strictObject({
  entry: filesEntry,
  timeZone: z.string(),
  source: sourceSchema,
  id: z.string(),
  takenAt: z.iso.datetime(),
  since_boot: sinceBootSchema.optional(),
  luks_keys: z.array(secretReference).optional(),
  /** why it cannot be copied, as it was found before the first one was */
  problem: z.record(z.enum(['code', 'where', 'says', 'remedy']), z.string()).optional(),
});

export const weeksGiven = z.strictObject({
  entry: filesEntry,
  timeZone: z.string(),
  source: sourceSchema,
});
