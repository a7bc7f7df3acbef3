// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { keepSchema } from '../../values/retention.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { hostConfigEntry } from './schema.ts';

export const gatherGiven = z.strictObject({ entry: hostConfigEntry, timeZone: z.string() });

const itemFate = z.strictObject({
  name: z.string(),
  required: z.boolean(),
  fate: z.enum(['taken', 'not there', 'failed']),
  says: z.string().optional(),
});

export const copyGiven = z.strictObject({
  entry: hostConfigEntry,
  id: z.string(),
  takenAt: z.iso.datetime(),
  /** what cannot repeat: another installation is another host, whatever its name */
  source: z.strictObject({ machine_id: z.string() }),
  items: z.array(itemFate),
  /** the retention that the points are under when this one is sealed */
  policy: keepSchema.optional(),
  since_boot: sinceBootSchema.optional(),
});
