// What the steps are given.
import * as z from 'zod';
import { offsiteEntry, sourceLayer } from './schema.ts';

const absolute = z.string().startsWith('/');

export const lookGiven = z.strictObject({
  entry: offsiteEntry,
  layers: z.array(sourceLayer),
  timeZone: z.string(),
});

export const sendGiven = z.strictObject({
  entry: offsiteEntry,
  layers: z.array(sourceLayer),
  layer: z.string(),
  id: z.string(),
  /** of the point that was seen */
  manifest: z.string(),
  name: z.string(),
  bases: z.array(z.string()),
  workload: z.string(),
  /** sent before, and read back by nobody: it is only compared and sealed */
  sent: z.boolean(),
});
export type SendGiven = z.infer<typeof sendGiven>;

export const fetchGiven = z.strictObject({
  entry: offsiteEntry,
  layers: z.array(sourceLayer),
  layer: z.string(),
  name: z.string(),
  manifest: z.string(),
  target: absolute,
  /** the part of it that is brought back; all of it where absent */
  only: z.string().optional(),
  /** its files lie in it one by one, so that a part of them can be fetched */
  generation: z.boolean(),
});
