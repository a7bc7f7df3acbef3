// The renames of a run, done or taken back at the target.
import { join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { must } from '../common/commands.ts';
import { perl } from './perl.ts';
import { asNames, keptFolder, namesIn, partNames, treeName, wasName } from './places.ts';
import { checkRsync, foldersAboveArgv, foldersArgv, rootArgv, rsynced } from './rsync.ts';
import { turnScript } from './turn-script.ts';

/** Within the layer's folder at the target. */
export type Turning = Readonly<{ machine: Machine; root: string; partial: string; run: RunId }>;

export const turn = ({ machine, root, partial }: Turning, way: 'forward' | 'back', signal?: AbortSignal) =>
  perl(
    machine,
    turnScript,
    [root, way, join(root, partial, partNames.renames), `${partial}/work`],
    signal === undefined ? {} : { signal },
  );

/**
 * The attributes of folders, from one place to another; what is in them stays.
 *
 * @param there `made`: with those above them, where there is nothing yet; `set`: only on folders that are there
 */
export async function folderAttributes(
  machine: Machine,
  from: string,
  to: string,
  names: Uint8Array,
  there: 'made' | 'set',
  signal?: AbortSignal,
): Promise<void> {
  const paths = namesIn(names);
  const options = signal === undefined ? {} : { signal };
  const [here, target] = [`${from}/`, `${to}/`];
  const argv = there === 'made' ? foldersAboveArgv(here, target) : foldersArgv(here, target);
  const others = paths.filter((path) => path !== '');
  if (others.length > 0) checkRsync(rsynced(await machine.run(argv, { ...options, input: asNames(others) })), to, to);
  if (others.length < paths.length) checkRsync(rsynced(await machine.run(rootArgv(here, target), options)), to, to);
}

const limit = 1024 * 1024 * 1024;

/** Everything that an unsealed run did in the mirror is taken back; whatever it had brought is gone. */
export async function leadBack(turning: Turning): Promise<void> {
  const { machine, root, partial, run } = turning;
  const { files } = machine;
  const [kept, was] = [join(root, keptFolder(run)), join(root, partial, wasName)];
  if ((await files.info(join(root, partial, partNames.renames))) !== undefined) {
    await turn(turning, 'back');
    const folders = await files.read(join(root, partial, partNames.folders), limit);
    if (folders !== undefined && (await files.info(was)) !== undefined)
      await folderAttributes(machine, was, join(root, treeName), folders, 'set');
  }
  // Only folders can be left there; a file would be one that was not put back, and stays.
  if ((await files.info(kept)) !== undefined)
    await must(machine, ['find', kept, '-depth', '-type', 'd', '-empty', '-delete']);
  await files.remove(join(root, partial));
}

/** What runs have left that nobody finished: whoever comes next leads it back. */
export async function leadBackOthers(machine: Machine, root: string, log: (line: string) => void): Promise<void> {
  for (const name of (await machine.files.list(root)) ?? []) {
    if (name.startsWith('.view-')) await machine.files.remove(join(root, name));
    if (!name.startsWith('.partial-')) continue;
    const run = name.slice('.partial-'.length);
    log(`the run ${run} was never finished: what it did in the mirror is taken back first`);
    await leadBack({ machine, root, partial: name, run });
  }
}
