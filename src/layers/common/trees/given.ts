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
  /** where what opens an encrypted point is kept */
  identity: secretReference.optional(),
});
