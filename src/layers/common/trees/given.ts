// What the steps of a restore are given.
import * as z from 'zod';
import { secretReference } from '../../../values/secret-reference.ts';

const absolute = z.string().startsWith('/');

export const restoreGiven = z.strictObject({
  machine: z.string(),
  /** of the point */
  folder: absolute,
  target: absolute,
  devices: z.boolean(),
  /** the part of the point that is brought back, from the root of its tree; all of it where absent */
  only: z.string().optional(),
  /** where what opens an encrypted point is kept */
  identity: secretReference.optional(),
});
