// What an estate says of how the content of a layer's points is judged, and what it has approved (docs/reference/content-judgement.md).
import * as z from 'zod';

const percent = z.number().gt(0).max(100);

export const judgementSchema = z.strictObject({
  scrambled: percent
    .optional()
    .describe('suspicious: this many percent of the files can no longer be read as what they were; default 5'),
  zeroed: percent
    .optional()
    .describe('suspicious: this many percent of the files are filled with zeros, or emptied; default 5'),
  renamed: percent
    .optional()
    .describe('suspicious: this many percent of the files got one new ending behind their names; default 10'),
  gone: percent.optional().describe('suspicious: there are this many percent fewer files than before; default 50'),
  shrunk: percent.optional().describe('suspicious: all files together are this many percent smaller; default 50'),
  at_least: z
    .int()
    .min(1)
    .optional()
    .describe('no share counts below this many files, or half of the files where there are fewer; default 10'),
  look_at: z
    .int()
    .min(100)
    .max(100_000)
    .optional()
    .describe('changed files that are looked into in one run, at most, spread over all that changed; default 2000'),
});

export type Thresholds = Readonly<Required<{ [Key in keyof z.infer<typeof judgementSchema>]: number }>>;

const defaults: Thresholds = {
  scrambled: 5,
  zeroed: 5,
  renamed: 10,
  gone: 50,
  shrunk: 50,
  at_least: 10,
  look_at: 2000,
};

export const thresholdsOf = (declared: z.infer<typeof judgementSchema> = {}): Thresholds => {
  const given = Object.entries(declared).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
};

export const approvalSchema = z.strictObject({
  suspicion: z
    .string()
    .regex(/^[0-9a-f]{12}$/, 'is the number of a suspicion, twelve hexadecimal digits')
    .describe('the number of the suspicion, as the run and `holdfast points` show it: no other one is approved'),
  reason: z.string().min(1).describe('why it is right: `all photos were converted`'),
  owner: z.string().min(1).describe('who says so'),
});
export type Approval = z.infer<typeof approvalSchema>;

/** For the schema of a layer whose points are judged. */
export const judgementFields = {
  judgement: judgementSchema.optional().describe('what makes the content of a new point suspicious'),
  suspicious_approved: z
    .array(approvalSchema)
    .optional()
    .describe('suspicions that were looked into and found to be right; each lets one change through, once'),
} as const;
