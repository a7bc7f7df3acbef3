// The step `sqlite.look`: finds the volumes or the folder, looks whether each can be opened, and brings the plan of copying the
// databases in them. An item that cannot be had is in that plan, too, and fails there by its name: nothing is silently left out.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { FaultRecord } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { givenOf } from '../common/given.ts';
import { checkDestination } from '../common/points/destination.ts';
import { readPoints } from '../common/points/points.ts';
import { anyEncrypted } from '../common/protection.ts';
import { oldestFirst } from '../common/sources/order.ts';
import { releaseSnapshots, volumesToCopy } from '../common/sources/snapshots.ts';
import { weakerOf } from '../common/sources/weaker.ts';
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
    const items: readonly Item[] =
      snapshots === undefined
        ? [await itemHere(entry, context)]
        : await volumesToCopy(machine, entry, snapshots, () => weaker(entry, context), context);
    const ordered = oldestFirst(items, points, ({ source }) => keyOf(source, entry));
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

async function itemHere(entry: CopyingEntry, context: StepContext): Promise<Item> {
  const { from } = entry;
  if ('snapshots_of' in from) throw new Error('a plan brought no snapshots');
  const source: Source =
    'folder' in from ? { of: 'folder', folder: from.folder } : { of: 'files', files: [...from.files] };
  const paths = source.of === 'folder' ? [source.folder] : source.files.map(beforePattern);
  const encrypted = await anyEncrypted(context.world.machine(entry.machine), paths, context.signal);
  return { source, luksKeys: undefined, problem: encrypted ? await weaker(entry, context) : undefined };
}

/** `/srv/apps/*.db` lies where `/srv/apps` lies. */
const beforePattern = (name: string): string => name.replace(/\/[^/]*[*?[{].*$/, '') || '/';

/** Why nothing of an encrypted source may be copied to where this layer copies; undefined where it may. */
async function weaker(entry: CopyingEntry, context: StepContext): Promise<FaultRecord | undefined> {
  const declared = entry.protected?.reason;
  return weakerOf(
    context.world.machine(entry.machine),
    [
      [entry.to, { declared, encrypted: entry.encrypt_to !== undefined }],
      // Before it is encrypted to a recipient, a copy lies there as it is.
      [entry.staging ?? entry.to, { declared, encrypted: false }],
    ],
    context,
  );
}
