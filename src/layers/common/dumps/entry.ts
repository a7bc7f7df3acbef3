// What the entry of a layer says that keeps dumps: of a database server, a secret store, any program that writes its data out.
import * as z from 'zod';
import { secretReference } from '../../../values/secret-reference.ts';
import { approvalSchema } from '../judgement/thresholds.ts';
import { recipients } from '../points/encryption.ts';
import { type PointEntry, pointFields, toMachine } from '../points/entry.ts';
import { timeSpanAs } from '../time-span.ts';

export const compressions = ['zstd', 'gzip', 'none'] as const;
export type Compression = (typeof compressions)[number];

const judgement = z.strictObject({
  shrunk: z
    .number()
    .gt(0)
    .max(100)
    .optional()
    .describe('suspicious: a database, or its rows, are this many percent smaller than the last time; default 50'),
  unchanged: timeSpanAs('7d or 2w')
    .optional()
    .describe('suspicious: a database that used to change is the same in every dump for this long; default `7d`'),
});
export type DumpJudgement = z.infer<typeof judgement>;

export const dumpFields = {
  ...pointFields,
  to_machine: toMachine.optional().describe('the machine that `to` lies on; default: `machine` itself'),
  compress: z
    .enum(compressions)
    .default('zstd')
    .describe('what each dump is packed with on its way; it never lies anywhere as a whole before that'),
  encrypt_to: recipients.optional(),
  identity: secretReference.optional().describe('what opens encrypted points; for a restore and for `prove`'),
  judgement: judgement.optional().describe('what makes the content of a new point suspicious'),
  suspicious_approved: z
    .array(approvalSchema)
    .optional()
    .describe('suspicions that were looked into and found to be right; each lets one change through, once'),
} as const;

/** The entry of any layer that keeps dumps. */
export type DumpEntry = PointEntry & Readonly<z.infer<z.ZodObject<typeof dumpFields>>>;
