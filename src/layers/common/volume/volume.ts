// A volume whose sealed snapshot is to be read, and everything that is made for it: all of it is named by the run and the
// volume alone, so whoever comes after a crash finds it with nothing but those.
import { join } from 'node:path';
import * as z from 'zod';
import type { RunId } from '../../../model/run.ts';
import { lvmName } from '../lvm/entry.ts';
import { deviceOf, nameFor, originWord, runWord } from '../lvm/names.ts';
import type { Snapshot } from '../lvm/snapshots.ts';

/** As a plan holds it. */
export const volumeSchema = z.strictObject({
  vg: lvmName,
  /** the snapshot, and its UUID: what has another one under that name is another snapshot */
  lv: z.string().regex(/^hf_[a-z0-9_]{1,80}$/),
  uuid: z.string(),
  originUuid: z.string(),
  bytes: z.int().nonnegative(),
  /** for people: NAMESPACE/CLAIM, or the volume's name */
  label: z.string(),
});
export type Volume = z.infer<typeof volumeSchema>;

export const volumeOf = ({ vg, lv, uuid, originUuid, bytes, claim, origin }: Snapshot): Volume => ({
  ...{ vg, lv, uuid, originUuid, bytes },
  label: claim ?? origin,
});

/** What is made to read it. `place` is the folder of the run. */
export type Taken = Readonly<{ device: string; clone: string; cloneDevice: string; mapper: string; mount: string }>;

export function takenFor({ vg, lv, originUuid }: Volume, run: RunId, place: string): Taken {
  const clone = nameFor('clone', run, originUuid);
  return {
    device: deviceOf(vg, lv),
    ...{ clone, cloneDevice: deviceOf(vg, clone) },
    mapper: `hf_${runWord(run)}_${originWord(originUuid)}`,
    mount: join(place, `mnt-${originWord(originUuid)}`),
  };
}

/** What may be mounted: a short list, because the kernel's parsers of rarer ones are rarely looked at (threat model, T8). */
export const filesystems = ['ext4', 'ext3', 'ext2', 'xfs', 'btrfs'] as const;
export type Filesystem = (typeof filesystems)[number];

export type Content =
  | Readonly<{ is: 'filesystem'; type: Filesystem }>
  | Readonly<{ is: 'luks'; uuid: string }>
  /** `type` is what blkid says, for people */
  | Readonly<{ is: 'unsupported'; type: string }>
  | Readonly<{ is: 'empty' }>;
