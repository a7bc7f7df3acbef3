// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { type TagKey, tagKeys } from '../common/lvm/tags.ts';
import { lvmThinEntry } from './schema.ts';

export const discoverGiven = z.strictObject({
  entry: lvmThinEntry,
  timeZone: z.string(),
  /** other layers of this kind that ask the same cluster: what is no volume here may be one there */
  siblings: z.array(z.string()),
});

const keys = Object.keys(tagKeys) as TagKey[];
const tags = z.partialRecord(z.enum(keys as [TagKey, ...TagKey[]]), z.string());

export const snapshotGiven = z.strictObject({
  layer: z.string(),
  machine: z.string(),
  vg: z.string(),
  pool: z.string(),
  data_at_most: z.number(),
  metadata_at_most: z.number(),
  one_moment: z.enum(['wanted', 'required', 'never']),
  /** how long writers may be held, in milliseconds */
  hold_at_most: z.number(),
  /** whether they are of one workload: else each is a point by itself */
  together: z.boolean(),
  volumes: z.array(
    z.strictObject({
      lv: z.string(),
      uuid: z.string(),
      bytes: z.int().nonnegative(),
      /** of the item */
      name: z.string(),
      workload: z.string(),
      /** those that are known before it is taken */
      tags,
    }),
  ),
});

export const removeGiven = z.strictObject({
  layer: z.string(),
  machine: z.string(),
  vg: z.string(),
  lv: z.string(),
  uuid: z.string(),
  /** as they were when it was decided: a hold that came since keeps it */
  tags: z.array(z.string()),
  /** the newest point of the same volume, without which this one stays; nothing for what is no restore point */
  beside: z.string().optional(),
});
