// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { snapshotsGiven } from '../common/sources/snapshots.ts';
import { type CopyingEntry, isCopying, sqliteEntry } from './schema.ts';
import { sourceSchema } from './source.ts';

const copyingEntry: z.ZodType<CopyingEntry> = sqliteEntry.refine(isCopying) as unknown as z.ZodType<CopyingEntry>;

export const lookGiven = z.strictObject({
  entry: copyingEntry,
  timeZone: z.string(),
  snapshots: snapshotsGiven.optional(),
});

export const copyGiven = z.strictObject({
  entry: copyingEntry,
  timeZone: z.string(),
  source: sourceSchema,
  id: z.string(),
  takenAt: z.iso.datetime(),
  since_boot: sinceBootSchema.optional(),
  luks_keys: z.array(secretReference).optional(),
  /** why it cannot be copied, as it was found before the first one was */
  problem: z.record(z.enum(['code', 'where', 'says', 'remedy']), z.string()).optional(),
});

export const checkGiven = z.strictObject({ entry: sqliteEntry, files: z.array(z.string()).min(1) });
