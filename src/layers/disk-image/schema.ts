// What an estate says of a disk image.
import { z } from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';

/** What may be mounted: a short list, because the kernel's parsers of rarer ones are rarely looked at (threat model, T8). */
export const filesystems = ['ext4', 'ext3', 'ext2', 'xfs', 'btrfs', 'vfat'] as const;
export type Filesystem = (typeof filesystems)[number];

/** One spelling for one place, so that two layers cannot share a folder by writing it differently. */
const absolutePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/, 'is an absolute path without `.`, `..`, doubled slashes or one at the end');

export const diskImageEntry = layerEntry
  .extend({
    kind: z.literal('disk-image'),
    image: absolutePath.describe('the image: a file that holds one file system'),
    to: absolutePath.describe('the folder that restore points are written below, in a folder named after the layer'),
    filesystem: z.enum(filesystems).optional().describe('default: what blkid reads from the image'),
    mounted_at: absolutePath
      .optional()
      .describe('where the disk behind `to` is mounted; nothing is written while it is not'),
    restore_devices: z.boolean().optional().describe('whether a restore makes device nodes; default false'),
    prune_at_most: z
      .int()
      .min(1)
      .optional()
      .describe('points that one run may remove; default: one, or a tenth of them, where `keep` was made shorter'),
  })
  .refine(({ to, mounted_at }) => mounted_at === undefined || to === mounted_at || to.startsWith(`${mounted_at}/`), {
    path: ['to'],
    message: 'does not lie below `mounted_at`',
  });
export type DiskImageEntry = z.infer<typeof diskImageEntry>;
