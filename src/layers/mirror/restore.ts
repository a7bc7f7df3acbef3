// The step `mirror.restore`: puts the state of a point together beside the mirror, copies it into a folder of its own below the target,
// compares both bit by bit, and only then moves it up.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Path } from '../../model/change-journal.ts';
import { absent } from '../../model/step.ts';
import { count, shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import { givenOf } from '../common/given.ts';
import { carryHoley, holeyIn, unlikeHoley } from '../common/holes/holes.ts';
import { digestOfPoint } from '../common/points/expects.ts';
import { workFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { split } from '../common/records.ts';
import { moveBack, moveUp } from '../common/trees/move.ts';
import { scopeOf } from '../common/trees/scope.ts';
import { beginIn, emptyTarget, inTheWay, leadBack, type Restoring } from '../common/trees/target.ts';
import { restoreGiven } from './given.ts';
import { asNames, besidePoints, mirrorPlace, readable, treeName, viewPrefix } from './places.ts';
import { backArgv, checkRsync, differing, patternsOf, rootArgv, rsynced } from './rsync.ts';
import { isThere, statesOf } from './states.ts';
import { laterThan, viewBefore } from './view.ts';

function placed(context: StepContext) {
  const { entry, id, folder, target, only } = givenOf(restoreGiven, context.step);
  const { machine, root } = mirrorPlace(context.world, entry, context.run);
  const work = workFolder(target, context.run);
  const view = `${viewPrefix}${context.run}`;
  const scope = only === undefined ? undefined : scopeOf(only);
  const devices = entry.restore_devices === true;
  const restoring: Restoring = {
    machine,
    folder,
    target,
    devices,
    identity: undefined,
    scope,
    work,
    tree: join(work, 'tree'),
  };
  // It stands beside what the target gets, so that nothing of ours is in the target when it is settled.
  return { entry, id, machine, root, view, restoring, settled: join(root, view, 'settled') };
}

export const restoreKind: StepKind = {
  name: 'mirror.restore',

  observe: async (context, subject) => {
    const { machine, restoring } = placed(context);
    if (!subject.startsWith('restore-point/'))
      return (await inTheWay(machine, restoring.target)) === undefined ? emptyTarget : absent;
    return digestOfPoint(machine.files, restoring.folder);
  },

  do: async (context): Promise<Done> => {
    const { entry, id, machine, root, view, restoring, settled } = placed(context);
    const { signal } = context;
    const { points } = await readPoints(machine, entry, besidePoints);
    context.take('older state of the mirror', join(root, view));
    await machine.files.remove(join(root, view));
    await viewBefore({ machine, root, view }, laterThan(points, id), context);
    const from = `${join(root, view, treeName)}/`;
    await checkScope(restoring, from, signal);
    context.take('folder that is restored into', restoring.work);
    await beginIn(restoring);
    const input = asNames([restoring.scope === undefined ? './' : restoring.scope.path.toString('latin1')]);
    const holey = (await holeyIn(machine, from, signal, restoring.scope?.path.toString('latin1'))).map(
      ({ path }) => path,
    );
    await carryHoley({ from: machine, folder: from, to: machine, into: restoring.tree, paths: holey }, context);
    const copied = await machine.run(backArgv(from, `${restoring.tree}/`, restoring.devices), { signal, input });
    checkRsync(rsynced(copied), restoring.target, restoring.target);
    await compare(restoring, from, { input, holey }, signal);
    await must(machine, ['sync', '--file-system', '--', restoring.tree], { signal });
    await moveUp(restoring, signal);
    await machine.files.write(settled, '', 0o600);
    return { result: { target: restoring.target, point: id } };
  },

  probe: async (context) => {
    const { machine, settled, root, view, restoring } = placed(context);
    if ((await machine.files.info(settled)) !== undefined)
      return { answer: 'done', evidence: 'everything is in its place', result: { target: restoring.target } };
    return (await machine.files.info(join(root, view))) === undefined &&
      (await inTheWay(machine, restoring.target)) !== undefined
      ? { answer: 'cannot tell', evidence: `${view}, which tells how far it came, is gone` }
      : { answer: 'not done', evidence: 'not everything is in its place' };
  },

  undo: async (context) => {
    const { machine, restoring, settled } = placed(context);
    await machine.files.remove(settled);
    if ((await machine.files.info(restoring.tree)) !== undefined) await moveBack(restoring);
    await leadBack(restoring);
  },

  release: async (context) => {
    const { machine, root, view, restoring, settled } = placed(context);
    if ((await machine.files.info(settled)) !== undefined) {
      await machine.files.remove(restoring.work);
      // The folder itself last: whatever is made or removed in it changes its time.
      const from = `${join(root, view, treeName)}/`;
      checkRsync(
        rsynced(await machine.run(rootArgv(from, `${restoring.target}/`))),
        restoring.target,
        restoring.target,
      );
    }
    await machine.files.remove(join(root, view));
  },
};

async function checkScope({ machine, scope }: Restoring, from: string, signal: AbortSignal): Promise<void> {
  if (scope === undefined) return;
  const path = scope.path.toString('latin1');
  const state = (await statesOf(machine, from, [path], signal)).get(path);
  if (isThere(state)) return;
  throw new Fault('path-not-in-point', {
    where: shown(scope.text),
    says: `the point has no such file or folder: nothing is at ${shown(readable(state?.missing ?? ''))} in it`,
    remedy: 'take it from another point (`holdfast points`), or look for its name in `tree` and `.kept` of the mirror',
  });
}

async function compare(
  { machine, tree, target, devices }: Restoring,
  from: string,
  { input, holey }: Readonly<{ input: Buffer; holey: readonly Path[] }>,
  signal: AbortSignal,
) {
  const apart = holey.map((path) => `--exclude=${patternsOf([path]).toString().slice(0, -1)}`);
  const asked = ['--dry-run', '--checksum', '--delete', '--out-format=%i %n', ...apart];
  const argv = backArgv(from, `${tree}/`, devices, ...asked);
  const { stdout, ended } = machine.stream(argv, { signal, input });
  const differ: string[] = [];
  for await (const line of split(stdout, 0x0a)) {
    const name = differing(line);
    if (name !== undefined) differ.push(name);
  }
  const end = await ended;
  checkRsync(rsynced(end), target, target);
  differ.push(...(await unlikeHoley({ machine, folder: from }, { machine, folder: tree }, holey, signal)));
  if (differ.length === 0 && end.exitCode === 0) return;
  throw new Fault('restore-differs', {
    where: shown(target),
    says: `${count(differ.length, 'difference')} to the mirror: ${differ
      .slice(0, 5)
      .map((name) => shown(readable(name)))
      .join(', ')}`,
    remedy: 'use a target on a file system that can hold all of it (ext4, xfs, btrfs), and that nobody else writes to',
  });
}
