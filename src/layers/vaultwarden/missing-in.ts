// What the manifest of a point says of files that it lacks. Pure.
import * as z from 'zod';
import type { RestorePoint } from '../../model/restore-point.ts';

/** A manifest holds no more of them by name; how many there are it always says. */
export const mostListed = 1000;

const details = z.object({
  missing: z.array(z.object({ name: z.string() })).catch([]),
  missing_files: z.int().catch(0),
});

export type Missing = Readonly<{ names: readonly string[]; files: number }>;

export function missingIn(point: Pick<RestorePoint, 'manifest'> | undefined): Missing {
  const { missing, missing_files } = details.parse(point?.manifest.details ?? {});
  return { names: missing.map(({ name }) => name), files: missing_files };
}
