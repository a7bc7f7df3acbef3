// The fields every layer entry has; a layer's own schema extends this one.
import * as z from 'zod';
import { keepSchema } from '../values/retention.ts';

export const entryName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'starts with a letter or digit and goes on with letters, digits, `.`, `_`, `-`',
  );

/** What is left out on purpose says so with these, whatever it is. */
export const leftOutFields = {
  reason: z.string().min(1).max(200).describe('why it need not be there'),
  owner: z.string().min(1).max(200).describe('who decided it'),
  review_by: z.iso
    .date()
    .describe('until when; past it, this is a warning of every run, and the exclusion still holds'),
  regenerable: z
    .boolean()
    .optional()
    .describe('whether it can be made anew (a cache, a build), so that no copy of it is missed; default false'),
} as const;

export const layerEntry = z.strictObject({
  name: entryName,
  kind: z.string(),
  /** where it runs: a name of `machines` */
  machine: entryName,
  /** what it protects: a name of `workloads` */
  workload: entryName,
  keep: keepSchema,
});
