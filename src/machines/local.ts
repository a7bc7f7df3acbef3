// This machine.
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import { type Begin, type Commands, commandsBy } from './commands.ts';
import { localFiles } from './local-files.ts';
import { beginsOn, type Host, notStarted } from './local-process.ts';
import type { Machine } from './machine.ts';

/** A machine that others lie behind: they are entered by commands that begin here. */
export type Entrance = Readonly<{ begin: Begin }>;

/** @param host `run` is the id of the run on whose behalf commands are started, where there is one */
export function localMachine(host: Host): Machine & Entrance {
  const begin = beginsOn(host);
  const commands = commandsBy(begin, (argv, { exitCode, stderr }) => {
    // setpriv ends with 126 or 127 and says so itself where it could not become the command (setpriv(1)).
    const failed = exitCode === 126 || exitCode === 127;
    if (failed && stderr.startsWith('setpriv: ')) throw notStarted(host, argv, cut(shown(stderr.trim()), 500));
  });
  return { name: host.name, ...commands, begin, files: localFiles((path) => removeTree(commands, path)) };
}

/** GNU rm works below directory handles: a folder that is swapped for a link while it goes on leads it nowhere. */
async function removeTree({ run }: Commands, path: string): Promise<void> {
  const { exitCode, stderr } = await run(['rm', '--recursive', '--force', '--one-file-system', '--', path]);
  if (exitCode === 0) return;
  throw new Fault('not-removed', {
    where: shown(path),
    says: cut(shown(stderr.trim()), 500),
    remedy: 'look at what holds it (a mount, an immutable file), then remove it by hand',
  });
}
