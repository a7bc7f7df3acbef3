// When jobs of Holdfast run, and how much they may take.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { byteSizeProblem, parseByteSize, sizeOf } from '../../values/byte-size.ts';
import { schedule, timeSpan, timeZone, wholeNumber } from './texts.ts';

const rate = z.string({ error: 'is no size; write it as 50 MiB' }).superRefine((written, context) => {
  const size = parseByteSize(written);
  const problem =
    byteSizeProblem(written) ?? (size !== undefined && sizeOf(size) < 1 ? 'lets nothing through' : undefined);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const budget = z
  .strictObject({
    nice: wholeNumber(0, 19)
      .optional()
      .describe('how far it stands back for the processor: 0 not at all, 19 for everybody'),
    io: z
      .enum(['idle', 'best-effort'], { error: 'is either idle or best-effort' })
      .optional()
      .describe('`idle`: its commands use the disk only when nobody else does; `best-effort`: after everybody else'),
    limit: rate.optional().describe('what it may read or write at most in a second: `50 MiB`'),
  })
  .describe('how hard a run may work the machines it is on, whoever starts it');

const follows = z.union([
  entryName,
  z.strictObject({
    job: entryName.describe('a name of `layers` or `backup_jobs`'),
    needs: z
      .enum(['done', 'usable'], { error: 'is either done or usable' })
      .optional()
      .describe('`usable` (default): a degraded run will do; `done`: only one in which nothing is missing'),
  }),
]);

export const scheduleEntry = z
  .strictObject({
    job: entryName.describe('a name of `layers`'),
    schedule: schedule.optional().describe('when it starts, as Proxmox writes it: `02:00`, `sat 18:15`, `daily`'),
    time_zone: timeZone.optional().describe("the zone of its `schedule`; default: the estate's"),
    after: z
      .array(follows)
      .min(1)
      .optional()
      .describe('jobs that must have succeeded before: names of `layers` or `backup_jobs`'),
    jitter: timeSpan.optional().describe('a delay of at most this much, another one each day'),
    catch_up: z.boolean().optional().describe('whether a start that was missed is made up for, once (default: true)'),
    window: timeSpan
      .optional()
      .describe('how long after its time it should be done; `holdfast jobs` says where it will not be'),
    deadline: timeSpan.optional().describe('a run that takes longer is stopped and undone, and has failed'),
    budget: budget.optional(),
  })
  .describe('when a job of Holdfast runs');
