// What each step is given, as it stands in the plan. A plan can come from a file, so it is parsed like anything from outside.
import { z } from 'zod';
import { Fault } from '../../fault.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { keepSchema } from '../../values/retention.ts';
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

/** As the manifest has it: `elapsed` in milliseconds. */
export const sinceBootSchema = z.strictObject({ boot: z.string(), elapsed: z.number() });

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

export const pruneGiven = z.strictObject({ machine: z.string(), folder: absolute, id: z.string() });

export const restoreGiven = z.strictObject({
  machine: z.string(),
  /** of the point */
  folder: absolute,
  target: absolute,
  devices: z.boolean(),
});

export function givenOf<Given>(schema: z.ZodType<Given>, step: Step): Given {
  const parsed = schema.safeParse(step.given);
  if (parsed.success) return parsed.data;
  throw new Fault('step-crooked', {
    where: step.id,
    says: z.prettifyError(parsed.error),
    remedy: 'make a new plan: this one was made by another version, or was changed',
  });
}

/** A value as a plan holds it: what is undefined is not there. */
export const asGiven = (value: Readonly<Record<string, unknown>>): Json => JSON.parse(JSON.stringify(value));
