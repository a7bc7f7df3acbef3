// What the steps of a restore are given: all the same.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { etcdEntry } from './schema.ts';

export const restoreGiven = z.strictObject({
  entry: etcdEntry,
  /** that the points lie on */
  points: z.string(),
  folder: z.string().startsWith('/'),
  taken: takenSchema,
  /** what the new data folder is of */
  member: etcdEntry.shape.member.unwrap(),
  /** the new data folder; undefined: in the place of the one that is declared */
  target: z.string().startsWith('/').optional(),
  /** whether the server ran when this was planned */
  ran: z.boolean(),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;
