// The newest sealed snapshots of a layer's volumes, as sources of another layer. One that cannot be had is in the list, too, with
// why: it fails there by its name, and nothing is silently left out.
import * as z from 'zod';
import type { LayerContext } from '../../../contracts/layer.ts';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault, type FaultRecord } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Refusal } from '../../../model/plan.ts';
import { formatDuration, hours } from '../../../values/duration.ts';
import { between } from '../../../values/instant.ts';
import { ref } from '../../../values/ref.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { shown } from '../../../values/text.ts';
import { parseTimeSpan } from '../../../values/time-span.ts';
import { type LvmEntry, lvmEntryOf, lvmFields, lvmName } from '../lvm/entry.ts';
import { listVolumes } from '../lvm/list.ts';
import { type Snapshot, snapshotsIn } from '../lvm/snapshots.ts';
import { timeSpanAs } from '../time-span.ts';
import { preflight } from '../volume/preflight.ts';
import { deactivateSnapshot } from '../volume/snapshot.ts';
import { volumeOf } from '../volume/volume.ts';
import type { VolumeSource } from './source.ts';

/** As much of the layer of the snapshots as is needed to find and open them. */
export const snapshotsGiven = z.strictObject({
  name: z.string(),
  volume_group: lvmName,
  luks_keys: lvmFields.luks_keys,
});
export type Snapshots = z.infer<typeof snapshotsGiven>;

export const timeSpan = timeSpanAs('90m, 26h or 2d');

type Reader = Readonly<{ name: string; machine: string; stale_after?: string | undefined }>;

/** What a plan says of the layer that is named, or why it cannot be read from. */
export function snapshotsOf(
  reader: Reader,
  name: string,
  { layers }: Pick<LayerContext, 'layers'>,
): Snapshots | Refusal {
  const other = layers.find((layer) => layer.name === name);
  const snapshots = other === undefined ? undefined : lvmEntryOf(other);
  const refusal = refusalOf(reader, name, snapshots);
  if (refusal !== undefined || snapshots === undefined) return refusal as Refusal;
  return { name: snapshots.name, volume_group: snapshots.volume_group, luks_keys: snapshots.luks_keys };
}

function refusalOf(reader: Reader, name: string, snapshots: LvmEntry | undefined): Refusal | undefined {
  const subject = ref('layer', reader.name);
  if (snapshots === undefined)
    return {
      ...{ subject, code: 'not-a-snapshot-layer', says: `the layer ${shown(name)} makes no snapshots of volumes` },
      remedy: 'name a layer of the kind `lvm-thin` in `from: { snapshots_of: ... }`',
    };
  if (snapshots.machine === reader.machine) return undefined;
  return {
    ...{ subject, code: 'snapshots-elsewhere' },
    says: `the snapshots of ${shown(name)} are on the machine ${shown(snapshots.machine)}, and this layer works on ${shown(reader.machine)}`,
    remedy: `say \`machine: ${shown(snapshots.machine)}\`: snapshots are read where they are`,
  };
}

export type VolumeItem = Readonly<{
  source: VolumeSource;
  luksKeys: readonly SecretReference[];
  /** why it cannot be copied */
  problem: FaultRecord | undefined;
}>;

/** The newest sealed snapshot of each volume that the layer has any of. */
async function newest(machine: Machine, snapshots: Snapshots, signal: AbortSignal): Promise<readonly Snapshot[]> {
  const volumes = await listVolumes(machine, snapshots.volume_group, signal);
  const { sealed } = snapshotsIn(volumes, snapshots.name);
  return [...new Map(sealed.map((snapshot) => [snapshot.line, snapshot])).values()];
}

/**
 * @param weaker why nothing of an encrypted volume may be copied to where this layer copies; asked only where one is
 * @throws Fault `no-snapshots`
 */
export async function volumesToCopy(
  machine: Machine,
  reader: Reader,
  snapshots: Snapshots,
  weaker: () => Promise<FaultRecord | undefined>,
  context: StepContext,
): Promise<readonly VolumeItem[]> {
  const found = await newest(machine, snapshots, context.signal);
  if (found.length === 0) throw noSnapshots(reader, snapshots);
  const keys = snapshots.luks_keys ?? [];
  const looked = await preflight(machine, found.map(volumeOf), keys, context);
  const because = looked.some(({ encrypted }) => encrypted) ? await weaker() : undefined;
  return found.map((snapshot, at): VolumeItem => {
    const { problem, encrypted = false } = looked[at] ?? { problem: undefined };
    return {
      source: sourceOf(snapshot),
      luksKeys: keys,
      problem: problem ?? (encrypted ? because : undefined) ?? staleness(reader, snapshot, context),
    };
  });
}

const sourceOf = (snapshot: Snapshot): VolumeSource => ({
  ...{ of: 'volume', volume: volumeOf(snapshot), layer: snapshot.layer, line: snapshot.line },
  ...{ handle: snapshot.volume, origin: snapshot.origin, taken: snapshot.taken },
  ...(snapshot.claim === undefined ? {} : { claim: snapshot.claim }),
  ...(snapshot.sinceBoot === undefined ? {} : { since_boot: { ...snapshot.sinceBoot } }),
});

/** A look that was killed has left at most one snapshot active; what is open is somebody else's. */
export async function releaseSnapshots(machine: Machine, snapshots: Snapshots, signal: AbortSignal): Promise<void> {
  for (const snapshot of await newest(machine, snapshots, signal))
    if (snapshot.active) await deactivateSnapshot(machine, volumeOf(snapshot));
}

const usual = hours(26);

function staleness({ stale_after }: Reader, snapshot: Snapshot, { world }: StepContext): FaultRecord | undefined {
  const written = stale_after === undefined ? usual : parseTimeSpan(stale_after);
  const limit = typeof written === 'number' ? written : usual;
  const age = between(snapshot.taken, world.clock.now());
  if (age <= limit) return undefined;
  return new Fault('snapshot-stale', {
    where: snapshot.claim ?? snapshot.origin,
    says: `its newest snapshot is ${formatDuration(age)} old, and ${formatDuration(limit)} are allowed: a copy of it would only look fresh`,
    remedy: `see why ${snapshot.layer} takes none any more (\`holdfast runs\`, \`holdfast points\`)`,
  }).toJSON();
}

const noSnapshots = ({ name }: Reader, snapshots: Snapshots): Fault =>
  new Fault('no-snapshots', {
    where: name,
    says: `the layer ${snapshots.name} has no sealed snapshot of any volume; nothing was copied, and nothing was removed`,
    remedy: 'run that layer first; see `holdfast points` for what it has',
  });
