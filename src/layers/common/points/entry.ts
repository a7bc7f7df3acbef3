// What the entry of a layer says of its restore points, whatever the layer protects: a layer's own schema is made with these.
import * as z from 'zod';
import { entryName } from '../../../contracts/layer-entry.ts';
import type { LayerEntry } from '../../../model/estate.ts';

/** One spelling for one place, so that two layers cannot share a folder by writing it differently. */
export const absolutePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/, 'is an absolute path without `.`, `..`, doubled slashes or one at the end');

export const pointFields = {
  to: absolutePath.describe('the folder that restore points are written below, in a folder named after the layer'),
  mounted_at: absolutePath
    .optional()
    .describe('where the disk behind `to` is mounted; nothing is written while it is not'),
  prune_at_most: z
    .int()
    .min(1)
    .optional()
    .describe('points that one run may remove; default: one, or a tenth of them, where `keep` was made shorter'),
} as const;

/** For layers whose points lie on another machine than the one they protect. */
export const toMachine = entryName.describe('the machine that `to` lies on: a name of `machines`');

/** The entry of any layer that keeps its points in a folder. */
export type PointEntry = LayerEntry &
  Readonly<{
    to: string;
    to_machine?: string | undefined;
    mounted_at?: string | undefined;
    prune_at_most?: number | undefined;
  }>;

export const liesBelowMount = ({ to, mounted_at }: Pick<PointEntry, 'to' | 'mounted_at'>): boolean =>
  mounted_at === undefined || to === mounted_at || to.startsWith(`${mounted_at}/`);
export const notBelowMount = { path: ['to'], message: 'does not lie below `mounted_at`' };

/** The name of the machine that the points lie on. */
export const pointsMachine = ({ machine, to_machine }: Pick<PointEntry, 'machine' | 'to_machine'>): string =>
  to_machine ?? machine;
