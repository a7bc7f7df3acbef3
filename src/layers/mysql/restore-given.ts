// What the steps of a restore are given: all the same, and which of its databases a step is about.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { mysqlEntry } from './schema.ts';

const database = z.strictObject({
  taken: takenSchema,
  /** the name that it is to have */
  name: z.string(),
  /** whether there is one of that name now, which is replaced */
  there: z.boolean(),
});
export type Database = z.infer<typeof database>;

export const restoreGiven = z.strictObject({
  entry: mysqlEntry,
  /** that the points lie on */
  points: z.string(),
  folder: z.string().startsWith('/'),
  /** of a step about one of them, that one */
  databases: z.array(database),
  /** accounts of the point that the server does not have */
  accounts: z
    .strictObject({ taken: takenSchema, missing: z.array(z.strictObject({ user: z.string(), host: z.string() })) })
    .optional(),
  /** when it was planned: names the point that is taken before */
  planned: z.iso.datetime(),
  /** the number of the one that the step is about */
  which: z.int().optional(),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;

/** Names within 64 characters, which nobody else has: the run is in them. All but the first are empty, and say how far it came. */
export const loadedName = (run: string, which: number): string => `holdfast_${run}_${which}_loaded`;
export const replacingName = (run: string, which: number): string => `holdfast_${run}_${which}_replacing`;
export const replacedName = (run: string, which: number): string => `holdfast_${run}_${which}_replaced`;
export const settledName = (run: string): string => `holdfast_${run}_settled`;
export const accountsName = (run: string): string => `holdfast_${run}_accounts`;
