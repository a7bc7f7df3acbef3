// The step `etcd.build`: a new data folder, made beside its place and put there by one rename when it has been compared.
import { basename, dirname, join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { kindOf } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import { writtenPart } from '../common/points/part.ts';
import { inTheWay } from '../common/trees/target.ts';
import { checkBuilt, givenIn, observePoint, snapshotOf } from './restoring.ts';
import { rebuild, snapshotTool, statusOfFile } from './snapshot-tool.ts';
import { removeStaged, stagingFolder } from './staged.ts';

export const buildKind: StepKind = {
  name: 'etcd.build',

  observe: async (context, subject) => {
    if (kindOf(subject) === 'restore-point') return observePoint(context, subject);
    const { machine, target } = placed(context);
    return (await machine.files.info(target)) === undefined ? absent : digestOf('something');
  },

  do: async (context): Promise<Done> => {
    const { machine, target, built, given } = placed(context);
    const { entry, taken, member } = given;
    const { signal } = context;
    await checkParent(machine, target);
    const tool = await snapshotTool(entry, machine, signal);
    const staged = join(await stagingFolder(entry, taken.bytes, context), 'snapshot.db');
    await writtenPart(machine, staged, await snapshotOf(given, context));
    context.take('data folder that is made', built);
    await machine.files.remove(built);
    await rebuild(tool, { snapshot: staged, into: built, member }, signal);
    checkBuilt(given, await statusOfFile(tool, join(built, 'member/snap/db'), signal));
    if (entry.owner !== undefined) await must(machine, ['chown', '-hR', '--', `${entry.owner}:`, built], { signal });
    await must(machine, ['chmod', '0700', '--', built], { signal });
    await must(machine, ['sync', '--file-system', '--', built], { signal });
    await machine.files.rename(built, target);
    return { result: { data: target, revision: taken.counts['revision'] ?? 0 } };
  },

  probe: async (context) => {
    const { machine, target } = placed(context);
    // Nothing was there before, and it comes by one rename.
    return (await machine.files.info(join(target, 'member'))) === undefined
      ? { answer: 'not done', evidence: `${target} is not there` }
      : { answer: 'done', evidence: `${target} is there, whole`, result: { data: target } };
  },

  undo: async (context) => {
    const { machine, built } = placed(context);
    await machine.files.remove(built);
  },

  release: async (context) => {
    const { machine, given } = placed(context);
    await removeStaged(machine, given.entry, context);
  },
};

function placed(context: StepContext) {
  const given = givenIn(context);
  const { target } = given;
  if (target === undefined) throw new Error('a data folder is to be made nowhere');
  const built = join(dirname(target), `.holdfast-${context.run}-${basename(target)}`);
  return { machine: context.world.machine(given.entry.machine), target, built, given };
}

/** What is made there may not be swapped by somebody else meanwhile. */
async function checkParent(machine: Machine, target: string): Promise<void> {
  const reason = (await inTheWay(machine, target)) ?? (await swappable(machine, dirname(target)));
  if (reason === undefined) return;
  throw new Fault('target-not-empty', {
    where: shown(target),
    says: reason,
    remedy: 'choose a folder that is not there yet, in one that only its owner may write to; nothing was written',
  });
}

async function swappable(machine: Machine, folder: string): Promise<string | undefined> {
  const found = await machine.files.info(folder);
  const we = Number((await must(machine, ['id', '-u'])).stdout.trim());
  if (found === undefined) return undefined;
  const isOurs = found.uid === we || found.uid === 0;
  const isOpen = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
  return isOurs && !isOpen ? undefined : `others may rename what is in ${shown(folder)}`;
}
