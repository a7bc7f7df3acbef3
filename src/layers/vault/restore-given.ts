// What the step of a restore is given.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { vaultEntry } from './schema.ts';

export const restoreGiven = z.strictObject({
  entry: vaultEntry,
  points: z.string(),
  folder: z.string().startsWith('/'),
  taken: takenSchema,
  planned: z.iso.datetime(),
  /** whatever its unseal keys are */
  force: z.boolean(),
  /** of the vault that the snapshot is of, and of the one that is there now; empty where it was not told */
  cluster: z.strictObject({ of: z.string(), now: z.string() }),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;
