// The step `sqlite.look`: finds the volumes or the folder, looks whether each can be opened, and brings the plan of copying the
// databases in them. An item that cannot be had is in that plan, too, and fails there by its name: nothing is silently left out.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { FaultRecord } from '../../fault.ts';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { formatDuration, hours } from '../../values/duration.ts';
import { between } from '../../values/instant.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { givenOf } from '../common/given.ts';
import { listVolumes } from '../common/lvm/list.ts';
import { type Snapshot, snapshotsIn } from '../common/lvm/snapshots.ts';
import { checkDestination } from '../common/points/destination.ts';
import { readPoints } from '../common/points/points.ts';
import { isOf } from '../common/points/source.ts';
import { anyEncrypted, protectionOf, refuseWeaker } from '../common/protection.ts';
import { preflight } from '../common/volume/preflight.ts';
import { deactivateSnapshot } from '../common/volume/snapshot.ts';
import { volumeOf } from '../common/volume/volume.ts';
import { childPlan, type Item } from './child-plan.ts';
import { lookGiven } from './given.ts';
import type { CopyingEntry } from './schema.ts';
import { keyOf, type Source } from './source.ts';

function placed(context: StepContext) {
  const given = givenOf(lookGiven, context.step);
  return { ...given, machine: context.world.machine(given.entry.machine) };
}

export const lookKind: StepKind = {
  name: 'sqlite.look',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, machine, timeZone, snapshots } = placed(context);
    await checkDestination(machine, entry);
    const { points } = await readPoints(machine, entry);
    const items = snapshots === undefined ? [await itemHere(entry, context)] : await volumesToCopy(context);
    const ordered = oldestFirst(items, points, entry);
    const now = context.world.clock.now();
    const sinceBoot = context.world.clock.sinceBoot?.();
    const expands = childPlan({ entry, timeZone, items: ordered, points, run: context.run, now, sinceBoot });
    return { result: { sources: items.length }, expands };
  },

  probe: async () => ({
    answer: 'not done',
    evidence: 'looking changes nothing; whatever was copied has its own step',
  }),

  release: async (context) => {
    const { machine } = placed(context);
    // A look that was killed has left at most one snapshot active; what is open is somebody else's.
    for (const snapshot of await newest(context))
      if (snapshot.active) await deactivateSnapshot(machine, volumeOf(snapshot));
  },
};

async function itemHere(entry: CopyingEntry, context: StepContext): Promise<Item> {
  const { from } = entry;
  if ('snapshots_of' in from) throw new Error('a plan brought no snapshots');
  const source: Source =
    'folder' in from ? { of: 'folder', folder: from.folder } : { of: 'files', files: [...from.files] };
  const paths = source.of === 'folder' ? [source.folder] : source.files.map(beforePattern);
  const encrypted = await anyEncrypted(context.world.machine(entry.machine), paths, context.signal);
  return { source, luksKeys: undefined, problem: encrypted ? await weakerOf(entry, context) : undefined };
}

/** `/srv/apps/*.db` lies where `/srv/apps` lies. */
const beforePattern = (name: string): string => name.replace(/\/[^/]*[*?[{].*$/, '') || '/';

/** The newest sealed snapshot of each volume that the layer has any of. */
async function newest(context: StepContext): Promise<readonly Snapshot[]> {
  const { machine, snapshots } = placed(context);
  if (snapshots === undefined) return [];
  const volumes = await listVolumes(machine, snapshots.volume_group, context.signal);
  const { sealed } = snapshotsIn(volumes, snapshots.name);
  return [...new Map(sealed.map((snapshot) => [snapshot.line, snapshot])).values()];
}

async function volumesToCopy(context: StepContext): Promise<readonly Item[]> {
  const { entry, machine, snapshots } = placed(context);
  const found = await newest(context);
  if (found.length === 0) throw noSnapshots(entry);
  const keys = snapshots?.luks_keys ?? [];
  const looked = await preflight(machine, found.map(volumeOf), keys, context);
  const weaker = looked.some(({ encrypted }) => encrypted) ? await weakerOf(entry, context) : undefined;
  return found.map((snapshot, at): Item => {
    const { problem, encrypted = false } = looked[at] ?? { problem: undefined };
    const source: Source = {
      ...{ of: 'volume', volume: volumeOf(snapshot), layer: snapshot.layer, line: snapshot.line },
      ...{ handle: snapshot.volume, origin: snapshot.origin, taken: snapshot.taken },
      ...(snapshot.claim === undefined ? {} : { claim: snapshot.claim }),
      ...(snapshot.sinceBoot === undefined ? {} : { since_boot: { ...snapshot.sinceBoot } }),
    };
    const because = problem ?? (encrypted ? weaker : undefined) ?? staleness(entry, snapshot, context);
    return { source, luksKeys: keys, problem: because };
  });
}

/** Why nothing of an encrypted source may be copied to where this layer copies; undefined where it may. */
async function weakerOf(entry: CopyingEntry, context: StepContext): Promise<FaultRecord | undefined> {
  const machine = context.world.machine(entry.machine);
  const declared = entry.protected?.reason;
  try {
    const [to, work] = [entry.to, entry.staging ?? entry.to];
    const at = async (folder: string) => protectionOf(machine, folder, context.signal);
    refuseWeaker(await at(to), to, { declared, encrypted: entry.encrypt_to !== undefined });
    // Before it is encrypted to a recipient, a copy lies there as it is.
    refuseWeaker(await at(work), work, { declared, encrypted: false });
    return undefined;
  } catch (error) {
    if (error instanceof Fault && error.code === 'copy-less-protected') return error.toJSON();
    throw error;
  }
}

const usual = hours(26);

function staleness(entry: CopyingEntry, snapshot: Snapshot, { world }: StepContext): FaultRecord | undefined {
  const written = entry.stale_after === undefined ? usual : parseTimeSpan(entry.stale_after);
  const limit = typeof written === 'number' ? written : usual;
  const age = between(snapshot.taken, world.clock.now());
  if (age <= limit) return undefined;
  return new Fault('snapshot-stale', {
    where: snapshot.claim ?? snapshot.origin,
    says: `its newest snapshot is ${formatDuration(age)} old, and ${formatDuration(limit)} are allowed: a copy of it would only look fresh`,
    remedy: `see why ${snapshot.layer} takes none any more (\`holdfast runs\`, \`holdfast points\`)`,
  }).toJSON();
}

/** What was never copied, or longest ago, goes first: whatever ends the run early, the next one begins with the rest. */
function oldestFirst(items: readonly Item[], points: readonly RestorePoint[], entry: CopyingEntry): readonly Item[] {
  const last = ({ source }: Item): string =>
    points.findLast(({ manifest }) => isOf(manifest, keyOf(source, entry)))?.manifest.sealedAt ?? '';
  return items.toSorted((one, other) => (last(one) < last(other) ? -1 : last(one) > last(other) ? 1 : 0));
}

const noSnapshots = ({ name, from }: CopyingEntry): Fault =>
  new Fault('no-snapshots', {
    where: name,
    says: `the layer ${'snapshots_of' in from ? from.snapshots_of : ''} has no sealed snapshot of any volume; nothing was copied, and nothing was removed`,
    remedy: 'run that layer first; see `holdfast points` for what it has',
  });
