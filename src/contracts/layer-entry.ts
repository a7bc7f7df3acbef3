// The fields every layer entry has; a layer's own schema extends this one.
import * as z from 'zod';
import { keepSchema } from '../values/retention.ts';

export const entryName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'starts with a letter or digit and goes on with letters, digits, `.`, `_`, `-`',
  );

export const layerEntry = z.strictObject({
  name: entryName,
  kind: z.string(),
  /** where it runs: a name of `machines` */
  machine: entryName,
  /** what it protects: a name of `workloads` */
  workload: entryName,
  keep: keepSchema,
});
