// What the steps of a restore in place are given: all the same.
import * as z from 'zod';
import { takenSchema } from '../common/dumps/taken.ts';
import { redisEntry } from './schema.ts';

/** A name within the data folder. */
const name = z.string().regex(/^(?!\.{1,2}$)[^/\0\n]+$/);

export const namesSchema = z.strictObject({
  /** `dbfilename` */
  dump: name,
  /** `appenddirname`, since 7.0 */
  logs: name,
  /** `appendfilename`: before 7.0 the log itself, since then what its files begin with */
  log: name,
});

export const restoreGiven = z.strictObject({
  entry: redisEntry,
  /** that the points lie on */
  points: z.string(),
  folder: z.string().startsWith('/'),
  taken: takenSchema,
  names: namesSchema,
  /** what the server reads when it starts: its dump, or a log of commands, in one file or (since 7.0) a folder of them */
  reads: z.enum(['dump', 'log', 'logs']),
  /** whether it ran when this was planned */
  ran: z.boolean(),
});
export type RestoreGiven = z.infer<typeof restoreGiven>;
