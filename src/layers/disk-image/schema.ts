// What an estate says of a disk image.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';

/** What may be mounted: a short list, because the kernel's parsers of rarer ones are rarely looked at (threat model, T8). */
export const filesystems = ['ext4', 'ext3', 'ext2', 'xfs', 'btrfs', 'vfat'] as const;
export type Filesystem = (typeof filesystems)[number];

export const diskImageEntry = layerEntry
  .extend({
    kind: z.literal('disk-image'),
    image: absolutePath.describe('the image: a file that holds one file system'),
    ...pointFields,
    filesystem: z.enum(filesystems).optional().describe('default: what blkid reads from the image'),
    protected: protectedField,
    restore_devices: z.boolean().optional().describe('whether a restore makes device nodes; default false'),
  })
  .refine(liesBelowMount, notBelowMount);
export type DiskImageEntry = z.infer<typeof diskImageEntry>;
