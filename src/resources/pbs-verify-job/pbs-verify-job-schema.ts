// `pbs[].datastores[].verify`: the verify jobs of a datastore, one of them or a list.
import * as z from 'zod';
import { days } from '../../values/duration.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { calendarEvent, comment, namespaceDepth, namespaceOrRoot, safeId, threads } from '../common/schema-texts.ts';

/** Whole days of a time span; undefined where it is none, or not so many. PBS counts in nothing smaller. */
export function wholeDays(written: string): number | undefined {
  const span = parseTimeSpan(written);
  if (typeof span !== 'number' || span <= 0 || span % days(1) !== 0) return undefined;
  return span / days(1);
}

const verifyJob = z.strictObject({
  id: safeId
    .optional()
    .describe('the id of the job on the PBS; `holdfast-` and the name of the datastore where it is left out'),
  schedule: calendarEvent
    .optional()
    .describe("a calendar event, in the PBS's own time zone; it never starts by itself where it is left out"),
  again_after: z
    .string()
    .refine((written) => wholeDays(written) !== undefined, 'is no whole number of days; write it as 30d')
    .optional()
    .describe(
      'how old a verification may be before the snapshot is verified anew, in whole days; never where left out',
    ),
  ignore_verified: z
    .boolean()
    .default(true)
    .describe('whether snapshots are passed over that were verified, until `again_after`; false: all, each time'),
  namespace: namespaceOrRoot.default('').describe('the namespace it verifies; the root where it is left out'),
  max_depth: namespaceDepth
    .optional()
    .describe('how many levels of namespaces below it are verified too; all where it is left out'),
  comment: comment.optional().describe('shown on the PBS'),
  read_threads: threads.optional().describe("readers of chunks, 1 to 32; the datastore's own where it is left out"),
  verify_threads: threads.optional().describe("checkers of chunks, 1 to 32; the datastore's own where it is left out"),
});

export const verifyJobs = z.union([verifyJob, z.array(verifyJob).min(1)]);
export type VerifyJobEntry = z.infer<typeof verifyJob>;
