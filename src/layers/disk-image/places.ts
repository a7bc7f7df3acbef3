// What is only of a disk image: its mount, its name as a subject.
import { join } from 'node:path';
import { type Ref, ref } from '../../values/ref.ts';
import type { DiskImageEntry } from './schema.ts';

/** Mounts are made in the folder of the run, so that they are found by the run's id even when nobody wrote them down. */
export const mountPlace = (taken: string, layer: string): string => join(taken, `mnt-${layer}`);

export const imageRef = ({ machine, image }: Pick<DiskImageEntry, 'machine' | 'image'>): Ref =>
  ref('disk-image', machine, image);
