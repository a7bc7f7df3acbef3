// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { keepSchema } from '../../values/retention.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { pfsenseEntry } from './schema.ts';

export const lookGiven = z.strictObject({ entry: pfsenseEntry, timeZone: z.string() });

export const sorts = ['config', 'archive'] as const;
export type Sort = (typeof sorts)[number];

export const takeGiven = z.strictObject({
  entry: pfsenseEntry,
  sort: z.enum(sorts),
  id: z.string(),
  takenAt: z.iso.datetime(),
  policy: keepSchema.optional(),
  since_boot: sinceBootSchema.optional(),
});
export type TakeGiven = z.infer<typeof takeGiven>;

/** Points of config.xml and full archives are two lines of points, each with a retention of its own. */
export const sourceOf = ({ name, machine, api }: TakeGiven['entry'], sort: Sort) => ({
  firewall: api === undefined ? machine : api.url,
  layer: name,
  sort,
});
