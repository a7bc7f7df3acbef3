// Moving what was restored into its place and back. Names go from find(1) to mv(1) as bytes, whatever they are, and nothing
// that somebody else has put there is replaced.
import { join } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Argv, Machine } from '../../../machines/machine.ts';
import { shown } from '../../../values/text.ts';
import { commandFailed, must } from '../commands.ts';
import { gathered } from '../records.ts';
import { pathOf } from './listed.ts';
import { readListing } from './read-listing.ts';
import { atHand, meantOf, type Restoring, readBefore } from './target.ts';

const topNames = ({ work }: Restoring): string => join(work, 'top-names');
const top = ['-mindepth', '1', '-maxdepth', '1'] as const;

export async function moveUp(restoring: Restoring, signal: AbortSignal): Promise<void> {
  const { machine, target, tree } = restoring;
  const names = topNames(restoring);
  await must(machine, ['find', tree, ...top, '-fprintf', names, './%P\\0'], { signal });
  // From here on, what was moved is known after a crash, too.
  await must(machine, ['sync', '--', names], { signal });
  const argv = mvArgv(names, tree, target);
  const ended = await machine.run(argv, { signal });
  const left = await firstIn(machine, tree);
  if (left !== undefined) throw inTheWayNow(target, left);
  if (ended.exitCode !== 0) throw commandFailed(machine, argv, ended);
}

/** What was never moved is not in the target: mv says so, and goes on. */
export async function moveBack(restoring: Restoring): Promise<void> {
  const { machine, target, tree, work } = restoring;
  if ((await machine.files.info(topNames(restoring))) === undefined) return;
  await machine.run(mvArgv(topNames(restoring), target, tree));
  const left = await firstIn(machine, target, work.slice(target.length + 1));
  if (left !== undefined) throw inTheWayNow(target, left);
}

/** The owner and mode that the target had, where it was there and that is still known. */
export async function setAsBefore(restoring: Restoring): Promise<void> {
  const { machine, target } = restoring;
  const before = await readBefore(restoring);
  if (before?.existed !== true) return;
  await must(machine, ['chown', `${before.uid}:${before.gid}`, '--', target]);
  await must(machine, ['chmod', wholeMode(before.mode), '--', target]);
}

/** The work folder was given back after all was done: what the listing names at the top was put there by this run. */
export async function removeListed(restoring: Restoring, context: StepContext): Promise<void> {
  const { machine, target } = restoring;
  const { signal } = context;
  const point = await atHand(restoring, context);
  const xargs = ['env', `--chdir=${target}`, 'xargs', '--null', '--no-run-if-empty'] as const;
  const argv = [...xargs, 'rm', '--recursive', '--force', '--one-file-system', '--'] as const;
  const removing = machine.feed(argv, { signal });
  const names = async function* () {
    for await (const entry of meantOf(restoring, readListing(point, signal))) {
      const path = pathOf(entry);
      if (path.length > 0 && !path.includes('/')) yield Buffer.concat([Buffer.from('./'), path, Buffer.of(0)]);
    }
  };
  for await (const chunk of gathered(names())) if (!(await removing.write(chunk))) break;
  const ended = await removing.close();
  if (ended.exitCode !== 0) throw commandFailed(machine, argv, ended);
}

/** Five digits: with fewer, chmod(1) leaves a folder its setuid and setgid. */
export const wholeMode = (mode: number): string => mode.toString(8).padStart(5, '0');

const mvArgv = (names: string, from: string, to: string): Argv => [
  ...(['env', `--chdir=${from}`, 'xargs', '--null', `--arg-file=${names}`, '--no-run-if-empty'] as const),
  ...['mv', '--no-clobber', `--target-directory=${to}`, '--'],
];

/** A name in the folder, other than the one that may be there. */
export async function firstIn(machine: Machine, folder: string, except?: string): Promise<string | undefined> {
  const others = except === undefined ? [] : ['-not', '-path', `*/${except}`];
  const { stdout } = await must(machine, ['find', folder, ...top, ...others, '-printf', '%P', '-quit']);
  return stdout === '' ? undefined : stdout;
}

const inTheWayNow = (target: string, name: string): Fault =>
  new Fault('target-in-use', {
    where: shown(target),
    says: `${shown(name)} is there, which is not of this restore`,
    remedy: 'see who writes to the target; stop that, or choose another target',
  });
