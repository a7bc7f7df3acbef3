// A disk or mount point of a guest, and whether vzdump takes it.
import type { Size } from './size.ts';

/** Why vzdump passes over a disk or mount point of a guest that it backs up. */
export type LeftOut = 'backup=0' | 'no backup=1' | 'bind mount' | 'device of the host';

export type GuestDisk = Readonly<{
  /** `scsi1`, `rootfs`, `mp0` */
  key: string;
  /** the whole value, as the guest's file has it */
  value: string;
  volume: string;
  /** undefined for bind mounts and devices */
  storage: string | undefined;
  size: Size | undefined;
  leftOut: LeftOut | undefined;
}>;
