// The step `files.look`: finds the volumes or the folders, looks whether each can be had, and brings the plan of copying them. One that
// cannot is in that plan, too, and fails there by its name: nothing is silently left out.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault, type FaultRecord } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { absent } from '../../model/step.ts';
import { shown } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { isMounted } from '../common/mounted.ts';
import { checkDestination } from '../common/points/destination.ts';
import { readPoints } from '../common/points/points.ts';
import { anyEncrypted } from '../common/protection.ts';
import { oldestFirst } from '../common/sources/order.ts';
import { releaseSnapshots, volumesToCopy } from '../common/sources/snapshots.ts';
import { keyOfTree } from '../common/sources/source.ts';
import { weakerOf } from '../common/sources/weaker.ts';
import { childPlan, type Item } from './child-plan.ts';
import { lookGiven } from './given.ts';
import { type DeclaredFolder, type FilesEntry, foldersOf } from './schema.ts';

function placed(context: StepContext) {
  const given = givenOf(lookGiven, context.step);
  return { ...given, machine: context.world.machine(given.entry.machine) };
}

export const lookKind: StepKind = {
  name: 'files.look',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, machine, timeZone, snapshots } = placed(context);
    await checkDestination(machine, entry);
    const { points } = await readPoints(machine, entry);
    const weaker = () =>
      weakerOf(machine, [[entry.to, { declared: entry.protected?.reason, encrypted: false }]], context);
    const items: readonly Item[] =
      snapshots === undefined
        ? await folderItems(machine, entry, weaker, context)
        : await volumesToCopy(machine, entry, snapshots, weaker, context);
    const ordered = oldestFirst(items, points, ({ source }) => keyOfTree(source, entry));
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
    const { machine, snapshots } = placed(context);
    if (snapshots !== undefined) await releaseSnapshots(machine, snapshots, context.signal);
  },
};

async function folderItems(
  machine: Machine,
  entry: FilesEntry,
  weaker: () => Promise<FaultRecord | undefined>,
  context: StepContext,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const declared of foldersOf(entry.from)) {
    const missing = await notThere(machine, declared);
    const encrypted = missing === undefined && (await anyEncrypted(machine, [declared.folder], context.signal));
    items.push({
      source: { of: 'folder', folder: declared.folder },
      luksKeys: undefined,
      problem: missing ?? (encrypted ? await weaker() : undefined),
    });
  }
  return items;
}

/** A share that is not mounted leaves an empty folder, which must not be taken for an empty share. */
async function notThere(machine: Machine, { folder, mounted_at }: DeclaredFolder): Promise<FaultRecord | undefined> {
  if (mounted_at !== undefined && !(await isMounted(machine, mounted_at)))
    return new Fault('source-not-mounted', {
      where: shown(folder),
      says: `nothing is mounted at ${shown(mounted_at)}; nothing was copied, and nothing was removed`,
      remedy: `mount it there (\`mount ${shown(mounted_at)}\`), then run it again`,
    }).toJSON();
  const found = await machine.files.info(folder);
  if (found?.type === 'folder') return undefined;
  return new Fault('folder-missing', {
    where: shown(folder),
    says: `${found === undefined ? 'there is no such folder' : `it is a ${found.type}, and no folder`}; nothing was copied, and nothing was removed`,
    remedy: 'mount the disk it lies on, or correct `from` in the estate',
  }).toJSON();
}
