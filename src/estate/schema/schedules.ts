import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { schedule, timeSpan } from './texts.ts';

export const scheduleEntry = z
  .strictObject({
    job: entryName.describe('a name of `layers`'),
    schedule: schedule.optional().describe('when it starts, as Proxmox writes it: `02:00`, `sat 18:15`, `daily`'),
    after: z
      .array(entryName)
      .optional()
      .describe('jobs that must have ended before: names of `layers` or `backup_jobs`'),
    jitter: timeSpan.optional().describe('a random delay of at most this much'),
    catch_up: z.boolean().optional().describe('whether a start that was missed is made up for'),
  })
  .describe('when a job of Holdfast runs');
