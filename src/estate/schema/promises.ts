// What must survive, what each of it is owed, and what is left out on purpose.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { date, timeSpan, wholeNumber } from './texts.ts';

export const tier = z
  .strictObject({
    name: entryName.describe('how workloads call it'),
    rpo: timeSpan.optional().describe('how much time may be lost at most'),
    rto: timeSpan.optional().describe('how long bringing it back may take'),
    copies: wholeNumber(1, 100).optional().describe('how many copies there must be, the original among them'),
    media: wholeNumber(1, 100).optional().describe('on how many kinds of media they must lie'),
    offsite: z.boolean().optional().describe('whether one copy must be at another site'),
    verify_every: timeSpan.optional().describe('how often the copies must be verified'),
    drill_every: timeSpan.optional().describe('how often a restore must be rehearsed'),
  })
  .describe('what a workload is owed');

export const workload = z
  .strictObject({
    name: entryName.describe('how layers and commands call it'),
    tier: entryName.optional().describe('what it is owed: a name of `tiers`'),
    description: z.string().optional().describe('any text, for people'),
  })
  .describe('something that must survive');

export const exclusion = z
  .strictObject({
    subject: z.string().min(1).describe('what is not protected: a guest, a workload, a path'),
    reason: z.string().min(1).describe('why it need not be'),
    owner: z.string().min(1).describe('who answers for that'),
    review_by: date.describe('the day on which it must be looked at again'),
  })
  .describe('something left out on purpose; nothing is left out silently');
