// What the step of a restore is given.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { commandEntry } from './schema.ts';

export const restoreGiven = z.strictObject({
  entry: commandEntry,
  points: z.string(),
  folder: z.string().startsWith('/'),
  taken: takenSchema,
  planned: z.iso.datetime(),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;
