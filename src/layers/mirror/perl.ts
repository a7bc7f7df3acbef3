// A script of ours, run by perl(1) on a machine: a fault shows what it was run on, and not the script.
import type { Ended, Machine, RunOptions } from '../../machines/machine.ts';
import { commandFailed } from '../common/commands.ts';

/** @throws Fault `command-failed` unless it ends with 0 */
export async function perl(
  machine: Machine,
  script: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await machine.run(['perl', '-e', script, ...words], options);
  if (ended.exitCode === 0) return ended;
  throw commandFailed(machine, ['perl', ...words], ended);
}
