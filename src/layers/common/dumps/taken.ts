// What the manifest of a point says of the dumps in it.
import * as z from 'zod';
import type { Manifest } from '../../../model/restore-point.ts';
import type { Json } from '../../../values/canonical.ts';
import { compressions } from './entry.ts';

const json: z.ZodType<Json> = z.json();
const amount = z.int().nonnegative();

export const takenSchema = z.strictObject({
  name: z.string(),
  form: z.string(),
  part: z.string(),
  compress: z.enum(compressions),
  /** the dump as it came */
  bytes: amount,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  counts: z.record(z.string(), amount),
  schema: z.string().optional(),
  /** a digest that is the same as long as nothing changes, where the kind has one */
  content: z.string().optional(),
  about: json.optional(),
});
export type Taken = z.infer<typeof takenSchema>;

const missing = z.strictObject({ name: z.string(), says: z.string() });
export type Missing = z.infer<typeof missing>;

const details = z.object({ items: z.array(takenSchema), missing: z.array(missing) });

export const takenIn = ({ details: found }: Pick<Manifest, 'details'>): readonly Taken[] => read(found).items;
export const missingIn = ({ details: found }: Pick<Manifest, 'details'>): readonly Missing[] => read(found).missing;

const read = (found: Manifest['details']) => {
  const parsed = details.safeParse({ items: found['items'] ?? [], missing: found['missing'] ?? [] });
  return parsed.success ? parsed.data : { items: [], missing: [] };
};
