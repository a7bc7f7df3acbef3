// What the entry of a layer says that keeps dumps: of a database server, a secret store, any program that writes its data out.
import * as z from 'zod';
import { entryName } from '../../../contracts/layer-entry.ts';
import { secretReference } from '../../../values/secret-reference.ts';
import { approvalSchema } from '../judgement/thresholds.ts';
import { recipients } from '../points/encryption.ts';
import { absolutePath, type PointEntry, pointFields, toMachine } from '../points/entry.ts';
import { protectedField } from '../protection.ts';
import { timeSpanAs } from '../time-span.ts';

/** As useradd(8) takes them. */
export const accountName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no name of an account');

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

const proving = z.strictObject({
  every: timeSpanAs('7d or 30d').describe('how often; after the run in which it is due'),
  on: entryName
    .optional()
    .describe('the machine that has the programs of the server; default: the one that points lie on'),
  as: accountName.optional().describe('the account that the server runs as there; it must not be root'),
  staging: absolutePath.default('/var/tmp').describe('the folder that it has its data below meanwhile'),
});
export type Proving = z.infer<typeof proving>;

export const dumpFields = {
  ...pointFields,
  to_machine: toMachine.optional().describe('the machine that `to` lies on; default: `machine` itself'),
  compress: z
    .enum(compressions)
    .default('zstd')
    .describe('what each dump is packed with on its way; it never lies anywhere as a whole before that'),
  encrypt_to: recipients.optional(),
  identity: secretReference.optional().describe('what opens encrypted points; for a restore and for `prove`'),
  protected: protectedField,
  judgement: judgement.optional().describe('what makes the content of a new point suspicious'),
  suspicious_approved: z
    .array(approvalSchema)
    .optional()
    .describe('suspicions that were looked into and found to be right; each lets one change through, once'),
} as const;

/** For kinds whose dumps can be brought back on a server of their own. */
export const proveFields = {
  prove: proving
    .optional()
    .describe(
      'brings the newest point back on a server of its own, and counts what is in it, before it removes that server',
    ),
} as const;

/** The entry of any layer that keeps dumps. */
export type DumpEntry = PointEntry &
  Readonly<z.infer<z.ZodObject<typeof dumpFields>>> &
  Readonly<{ prove?: Proving | undefined }>;
