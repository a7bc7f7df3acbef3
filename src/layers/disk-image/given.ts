// What each step is given, as it stands in the plan.
import * as z from 'zod';
import { keepSchema } from '../../values/retention.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import { diskImageEntry } from './schema.ts';

const count = z.int().nonnegative();
const absolute = z.string().startsWith('/');

export const openGiven = z.strictObject({ entry: diskImageEntry, timeZone: z.string() });

/** The image as it was when it was mounted: while it is read, nothing may write to it. */
export const imageState = z.strictObject({
  size: count,
  modified: z.number(),
  device: z.number(),
  inode: z.number(),
});
export type ImageState = z.infer<typeof imageState>;

/** What the image holds, and by what it is known: a label repeats, a UUID does not. */
export const sourceFacts = z.strictObject({
  image: absolute,
  filesystem: z.string(),
  uuid: z.string().nullable(),
  label: z.string().nullable(),
});
export type SourceFacts = z.infer<typeof sourceFacts>;

export const copyGiven = z.strictObject({
  entry: diskImageEntry,
  mount: absolute,
  id: z.string(),
  takenAt: z.iso.datetime(),
  source: sourceFacts,
  state: imageState,
  /** what the archive will need, about */
  bytes: count,
  devices: count,
  /** the retention that the points are under when this one is sealed */
  policy: keepSchema.optional(),
  since_boot: sinceBootSchema.optional(),
});
