// Who has the database open, as far as the machine of the data can see: containers and pods of its own kernel among them.
import { join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { database } from './names.ts';

/** By device and inode, so that it is found whatever the path is called in the mount namespace of a container. */
const script = `[ -e "$1" ] || exit 0; find -L /proc/[0-9]*/fd -maxdepth 1 -samefile "$1" 2>/dev/null | cut -d / -f 3 | sort -u`;

export async function holdersOf(machine: Machine, data: string, signal: AbortSignal): Promise<readonly string[]> {
  const argv = ['sh', '-c', script, 'sh', join(data, database)] as const;
  const { stdout } = await machine.run(argv, { signal, deadline: minutes(2) });
  return stdout.split('\n').filter((pid) => pid !== '');
}
