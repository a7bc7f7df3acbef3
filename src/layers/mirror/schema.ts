// What an estate says of a share that is mirrored by its change journal.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { keepSchema } from '../../values/retention.ts';
import { judgementFields } from '../common/judgement/thresholds.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields, toMachine } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';
import { timeSpanAs } from '../common/time-span.ts';

const timeSpan = timeSpanAs('12h, 30d or 2w');

/** Below the share, as the journal has it. */
const below = z
  .string()
  .regex(
    /^(?!\.{1,2}(\/|$))[^/\0]+(\/(?!\.{1,2}(\/|$))[^/\0]+)*$/,
    'is a path below the folder, without `.`, `..` and a slash at either end',
  );

const exclusion = z.strictObject({
  path: below.describe('a file, or a folder with all that is in it; from the shared folder on'),
  reason: z.string().min(1).describe('why it may be without a copy'),
  owner: z.string().min(1).describe('who decided it'),
  regenerable: z.boolean().optional().describe('it can be made anew'),
  review_by: z.iso
    .date()
    .describe('until when; past it, this is a warning of every run, and the exclusion still holds'),
});

const approval = z.strictObject({
  displaced: z
    .string()
    .regex(/^[0-9a-f]{12,64}$/, 'is no digest of a run that was stopped')
    .describe('the digest that the stopped run gave; it lets those files be displaced, once, and no others'),
  reason: z.string().min(1).describe('why that many files are to go or to be overwritten'),
  owner: z.string().min(1).describe('who looked at the list and decided it'),
});

const source = z.strictObject({
  folder: absolutePath.describe('the shared folder, on `machine`'),
  journal: absolutePath.describe('the folder in which `holdfast track` keeps the change journal of it, on `machine`'),
  mounted_at: absolutePath
    .optional()
    .describe('where the disk behind the share is mounted; nothing is read while it is not'),
});

export const mirrorEntry = layerEntry
  .extend({
    kind: z.literal('mirror'),
    from: source.describe('the share, and the journal of what changes in it'),
    keep: keepSchema.default({ keep_last: 1 }),
    to: pointFields.to.describe(
      'the mirror lies below it, in a folder named after the layer: `tree/`, and `.kept/` beside it',
    ),
    to_machine: toMachine.optional(),
    mounted_at: pointFields.mounted_at,
    budget: z
      .number()
      .min(0)
      .max(100)
      .default(10)
      .describe('percent of all files that one run may remove or overwrite; above it, it stops for an approval'),
    approved: z
      .array(approval)
      .default([])
      .describe('runs that were stopped above the budget, and are right as they are'),
    kept_for: timeSpan.default('30d').describe('how long at least what was removed or overwritten can be had back'),
    full_pass: timeSpan
      .default('30d')
      .describe('how often the whole share is compared with the mirror, to count what the journal missed'),
    content_pass: timeSpan
      .optional()
      .describe(
        'how often the full pass reads the content of every file as well, on both sides: it finds what a disk has lost without a word',
      ),
    exclude: z.array(exclusion).default([]).describe('what is not mirrored, and who decided so'),
    restore_devices: z.boolean().optional().describe('device nodes are brought back, too'),
    protected: protectedField,
    ...judgementFields,
  })
  .refine(liesBelowMount, notBelowMount);
export type MirrorEntry = z.infer<typeof mirrorEntry>;
