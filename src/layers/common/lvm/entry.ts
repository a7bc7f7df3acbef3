// What other layers, and a restore, must know of an `lvm-thin` layer: where its volumes are, whose they may be, and how they open.
import * as z from 'zod';
import { entryName, leftOutFields } from '../../../contracts/layer-entry.ts';
import type { LayerEntry } from '../../../model/estate.ts';
import { secretReference } from '../../../values/secret-reference.ts';

/** lvm(8), valid names; never one that LVM or a command could take for an option. */
export const lvmName = z
  .string()
  .regex(/^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,125}$/, 'is a name as LVM takes it: letters, digits, `_`, `+`, `.`, `-`');

const glob = z
  .string()
  .regex(
    /^[A-Za-z0-9_+.*?[\]-]{1,126}$/,
    'is a pattern of names: letters, digits, `_`, `+`, `.`, `-`, and `*`, `?`, `[...]`',
  );

const text = (says: string) => z.string().min(1).max(200).describe(says);

export const exclusion = z
  .strictObject({
    namespace: text('every volume of this namespace').optional(),
    claim: text('one claim: NAMESPACE/CLAIM').optional(),
    volume: text('one volume: its LV name or its handle in the cluster').optional(),
    ...leftOutFields,
    reason: text('why it may be without snapshots'),
  })
  .refine(
    ({ namespace, claim, volume }) => [namespace, claim, volume].filter((one) => one !== undefined).length === 1,
    {
      message: 'names exactly one of `namespace`, `claim`, `volume`',
    },
  );
export type VolumeExclusion = z.infer<typeof exclusion>;

export const lvmFields = {
  volume_group: lvmName.default('pve').describe('the volume group; default `pve`, as PVE sets it up'),
  pool: lvmName.default('data').describe('the thin pool in it; default `data`'),
  volumes: glob
    .default('vm-*-pvc-*')
    .describe('which volumes, by name; default `vm-*-pvc-*`, those of the Proxmox CSI driver'),
  kubernetes: entryName.optional().describe('the cluster that knows whose volumes they are: a name of `kubernetes`'),
  exclude: z.array(exclusion).optional().describe('what is not protected, and who decided so'),
  luks_keys: z
    .array(secretReference)
    .optional()
    .describe('keys that open volumes with LUKS inside, tried in this order; a snapshot itself needs none'),
};

const read = z.looseObject({ kind: z.literal('lvm-thin'), name: entryName, machine: entryName, ...lvmFields });
/** As much of the layer's entry as others may lean on. */
export type LvmEntry = Pick<z.infer<typeof read>, 'name' | 'machine' | keyof typeof lvmFields>;

/** Undefined where it is an entry of another kind of layer. */
export function lvmEntryOf(entry: LayerEntry): LvmEntry | undefined {
  const parsed = read.safeParse(entry);
  return parsed.success ? parsed.data : undefined;
}
