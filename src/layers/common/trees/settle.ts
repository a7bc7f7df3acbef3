// The step `tree.settle`: compares what was unpacked with the listing of the point, and only then moves it up into the
// target, by renaming. The work folder stays until `release`: as long as it is there, everything can be led back.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { absent } from '../../../model/step.ts';
import { must } from '../commands.ts';
import { compareTree } from './compare-tree.ts';
import { pathOf } from './listed.ts';
import { firstIn, moveBack, moveUp, removeListed, setAsBefore, wholeMode } from './move.ts';
import { readListing } from './read-listing.ts';
import { atHand, before, type Restoring, readBefore, restoringIn, writeBefore } from './target.ts';

/** Stands in the work folder when everything is in its place, with what is left to set on the root, and what the target was before. */
const markerOf = ({ work }: Restoring): string => join(work, 'settled.json');
const marked = z.strictObject({ modified: z.string(), mode: z.string(), before: before.optional() });
type Marked = z.infer<typeof marked>;

export const settleKind: StepKind = {
  name: 'tree.settle',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const restoring = restoringIn(context);
    const { root, degraded } = await compareTree(restoring, context);
    // What is called restored survives a power failure.
    await must(restoring.machine, ['sync', '--file-system', '--', restoring.tree], { signal: context.signal });
    await moveUp(restoring, context.signal);
    const { modified, mode } = root;
    const marking: Marked = { modified, mode, before: await readBefore(restoring) };
    await restoring.machine.files.write(markerOf(restoring), JSON.stringify(marking), 0o600);
    await setRoot(restoring, marking);
    return { result: { target: restoring.target }, degraded };
  },

  probe: async (context) => {
    const restoring = restoringIn(context);
    const { files } = restoring.machine;
    if ((await files.info(markerOf(restoring))) !== undefined)
      return { answer: 'done', evidence: 'everything is in its place', result: { target: restoring.target } };
    return (await files.info(restoring.work)) === undefined
      ? { answer: 'cannot tell', evidence: `${restoring.work}, which tells how far it came, is gone` }
      : { answer: 'not done', evidence: 'not everything is in its place' };
  },

  undo: async (context, fate) => {
    const restoring = restoringIn(context);
    const { files } = restoring.machine;
    const known = (await readMarker(restoring))?.before;
    if (known !== undefined) await writeBefore(restoring, known);
    await files.remove(markerOf(restoring));
    if ((await files.info(restoring.tree)) !== undefined) await moveBack(restoring);
    else if (fate === 'done') await removeListed(restoring, context);
    await setAsBefore(restoring);
  },

  release: async (context) => {
    const restoring = restoringIn(context);
    const { machine, work, tree } = restoring;
    const { files } = machine;
    const root = await readMarker(restoring);
    const names = (await files.list(work)) ?? [];
    if (root === undefined && names.length > 0) return;
    if (root === undefined) {
      await files.remove(work);
      return setTimeAnew(restoring, context);
    }
    if ((await files.info(tree)) !== undefined) await setRoot(restoring, root);
    // The tree goes first: as long as it is there, all that moving back needs is there too. The marker goes last: whoever is
    // killed here is finished by the next one.
    await files.remove(tree);
    for (const name of names) if (join(work, name) !== markerOf(restoring)) await files.remove(join(work, name));
    await files.remove(work);
    await setTime(restoring, root.modified);
  },
};

async function readMarker(restoring: Restoring): Promise<Marked | undefined> {
  const content = await restoring.machine.files.read(markerOf(restoring), 4096);
  return content === undefined ? undefined : marked.parse(JSON.parse(Buffer.from(content).toString()));
}

/**
 * Removing the work folder has changed the time of the root, and whoever did it may have been killed before it was set
 * again. A target that was led back is empty, or has its old owner and mode.
 */
async function setTimeAnew(restoring: Restoring, context: StepContext): Promise<void> {
  const { machine, target } = restoring;
  const found = await machine.files.info(target);
  if (found?.type !== 'folder' || (await firstIn(machine, target)) === undefined) return;
  for await (const entry of readListing(await atHand(restoring, context), context.signal)) {
    if (pathOf(entry).length > 0) continue;
    const same = Number.parseInt(entry.mode, 8) === found.mode && entry.uid === found.uid && entry.gid === found.gid;
    if (same) await setTime(restoring, entry.modified);
    return;
  }
}

/** The root's own owner, mode, ACLs and attributes, from the folder that tar has made; it is empty by now. */
async function setRoot(restoring: Restoring, { modified, mode }: Marked): Promise<void> {
  const { machine, target, tree } = restoring;
  await must(machine, ['cp', '--archive', '--no-target-directory', '--', tree, target]);
  // cp leaves a setgid bit that the target had.
  await must(machine, ['chmod', wholeMode(Number.parseInt(mode, 8)), '--', target]);
  await setTime(restoring, modified);
}

const setTime = ({ machine, target }: Restoring, modified: string) =>
  must(machine, ['touch', '--no-create', `--date=@${modified}`, '--', target]);
