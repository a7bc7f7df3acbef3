// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { vaultwardenEntry } from './schema.ts';

export const lookGiven = z.strictObject({ entry: vaultwardenEntry, timeZone: z.string() });

export const takeGiven = z.strictObject({
  entry: vaultwardenEntry,
  timeZone: z.string(),
  id: z.string(),
  takenAt: z.iso.datetime(),
  since_boot: sinceBootSchema.optional(),
  /** why it cannot be taken, as it was found before */
  problem: z.record(z.enum(['code', 'where', 'says', 'remedy']), z.string()).optional(),
});

export const safetyGiven = z.strictObject({
  entry: vaultwardenEntry,
  timeZone: z.string(),
  /** when the restore was planned: names the point, also for whoever looks for it after a crash */
  planned: z.iso.datetime(),
});

const absolute = z.string().startsWith('/');

/** Of every step that replaces what is live. */
export const liveGiven = z.strictObject({
  entry: vaultwardenEntry,
  /** the machine of the points, and of the point */
  points: z.string(),
  folder: absolute,
  /** rows that the database of the point has, by table */
  rows: z.record(z.string(), z.int().nonnegative()),
  /** names in the data folder, of what is there and of what comes */
  names: z.array(z.string()).min(1),
  /** whether it was seen to have its database open when the restore was planned: only then it can be seen again */
  seen: z.boolean(),
});
export type LiveGiven = z.infer<typeof liveGiven>;
