// `pbs[].notification_matchers`: which messages go where. Facts: pbs-api section 8.
import * as z from 'zod';
import { dailyDuration, notificationName } from '../common/pbs-texts.ts';
import { comment } from '../common/schema-texts.ts';
import { sameWords } from '../common/set-field.ts';

const severities = ['info', 'notice', 'warning', 'error', 'unknown'];

const matcher = z.strictObject({
  name: notificationName,
  targets: z.array(notificationName).default([]).describe('endpoints that what matches is sent to'),
  match_field: z
    .array(
      z.string().regex(/^(?:exact|regex):[^=]+=.+$/s, 'is no rule; write exact:type=prune,gc or regex:hostname=^pbs'),
    )
    .optional()
    .describe('fields of a message: datastore, hostname, job-id, media-pool, type'),
  match_severity: z
    .array(
      z.string().refine(
        (text) =>
          sameWords(text)
            .split(',')
            .every((word) => severities.includes(word)),
        `has something else than ${severities.join(', ')}`,
      ),
    )
    .optional()
    .describe('severities, several in one text with commas between them: warning,error'),
  match_calendar: z.array(dailyDuration).optional().describe("parts of the day in the PBS's own time zone: 8:00-18:00"),
  mode: z.enum(['all', 'any']).default('all').describe('whether all of its rules must match, or one'),
  invert: z.boolean().default(false).describe('whether what does not match is sent instead'),
  enabled: z.boolean().default(true).describe('whether it sends anything'),
  comment: comment.optional().describe('shown on the PBS'),
});

export const matchers = z
  .array(matcher)
  .describe('which messages go where, beside the matchers that are there already');
export type MatcherEntry = z.infer<typeof matcher>;
