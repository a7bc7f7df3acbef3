// `pbs[].traffic_control`: limits of rates. Facts: pbs-api section 6, sizes: E, parts of a day: C.
import * as z from 'zod';
import { dailyDuration } from '../common/pbs-texts.ts';
import { byteSize, comment, safeId, userId } from '../common/schema-texts.ts';

const rule = z.strictObject({
  name: safeId,
  networks: z
    .array(z.union([z.cidrv4(), z.cidrv6()], { error: 'is no network; write 10.10.0.0/24 or fd00::/64' }))
    .min(1)
    .describe('networks that it counts for'),
  rate_in: byteSize.optional().describe('bytes in a second into the PBS: 100 MiB'),
  rate_out: byteSize.optional().describe('bytes in a second out of it'),
  burst_in: byteSize.optional().describe('bytes that may go in at once before the rate counts'),
  burst_out: byteSize.optional().describe('bytes that may go out at once'),
  timeframes: z
    .array(dailyDuration)
    .optional()
    .describe("parts of the day in the PBS's own time zone: mon..fri 8:00-18:00; always where it is left out"),
  users: z.array(userId).min(1).optional().describe('users that it counts for; all where it is left out'),
  comment: comment.optional().describe('shown on the PBS'),
});

export const trafficRules = z.array(rule).describe('limits of rates, beside the rules that are there already');
export type TrafficRuleEntry = z.infer<typeof rule>;
