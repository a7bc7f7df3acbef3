// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { sinceBootSchema } from '../points/since-boot.ts';
import type { DumpEntry } from './entry.ts';

export const lookGiven = <Entry extends DumpEntry>(entry: z.ZodType<Entry>) =>
  z.strictObject({ entry, timeZone: z.string() });

const item = z.strictObject({
  name: z.string(),
  form: z.string(),
  bytes: z.int().nonnegative().optional(),
  packed: z.literal(true).optional(),
});

export const dumpGiven = <Entry extends DumpEntry>(entry: z.ZodType<Entry>) =>
  z.strictObject({
    entry,
    timeZone: z.string(),
    id: z.string(),
    takenAt: z.iso.datetime(),
    since_boot: sinceBootSchema.optional(),
    server: z.record(z.string(), z.json()),
    items: z.array(item).min(1),
    /** taken before a restore replaces what is there: it is held, and nothing is pruned after it */
    before_restore: z.literal(true).optional(),
  });
export type DumpGiven<Entry extends DumpEntry> = z.infer<ReturnType<typeof dumpGiven<Entry>>>;

export const safetyGiven = <Entry extends DumpEntry>(entry: z.ZodType<Entry>) =>
  z.strictObject({
    entry,
    timeZone: z.string(),
    /** when the restore was planned: names the point, also for whoever looks for it after a crash */
    planned: z.iso.datetime(),
    server: z.record(z.string(), z.json()),
    items: z.array(item).min(1),
  });
