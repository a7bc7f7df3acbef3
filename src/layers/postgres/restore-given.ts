// What the steps of a restore are given: all the same, and which of its databases a step is about.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { postgresEntry } from './schema.ts';

const database = z.strictObject({
  taken: takenSchema,
  /** the name that it is to have */
  name: z.string(),
  /** whether there is one of that name now, which is put away */
  there: z.boolean(),
});
export type Database = z.infer<typeof database>;

export const restoreGiven = z.strictObject({
  entry: postgresEntry,
  /** that the points lie on */
  points: z.string(),
  folder: z.string().startsWith('/'),
  databases: z.array(database),
  /** roles of the point that the server does not have */
  roles: z.strictObject({ taken: takenSchema, missing: z.array(z.string()) }).optional(),
  /** of the server that the dumps are of */
  major: z.int(),
  keep_old: z.boolean(),
  which: z.int().optional(),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;

/** Names within 63 bytes (NAMEDATALEN), which nobody else has: the run is in them. */
export const loadedName = (run: string, which: number): string => `holdfast_${run}_${which}_loaded`.slice(0, 63);
export const beforeName = (run: string, which: number): string => `holdfast_${run}_${which}_before`.slice(0, 63);
