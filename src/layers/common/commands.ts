// Commands of a machine, with their failures as faults.
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../machines/machine.ts';
import { cut, shown } from '../../values/text.ts';

/** What a command said last, fit for a fault. */
export function lastWords({ exitCode, signal, stdout, stderr }: Ended): string {
  const words = shown((stderr.trim() || stdout.trim()).replaceAll('\n', '; '));
  const end = signal === undefined ? `exit code ${exitCode}` : `killed by ${signal}`;
  return words === '' ? end : `${cut(words, 600)} (${end})`;
}

/** @throws Fault `command-failed` unless it ends with 0 */
export async function must(machine: Machine, argv: Argv, options: RunOptions = {}): Promise<Ended> {
  const ended = await machine.run(argv, options);
  if (ended.exitCode === 0) return ended;
  throw commandFailed(machine, argv, ended);
}

export const commandFailed = (machine: Pick<Machine, 'name'>, argv: Argv, ended: Ended): Fault =>
  new Fault('command-failed', {
    where: machine.name,
    says: `${argv[0]}: ${lastWords(ended)}`,
    remedy: `run it by hand to see more: ${shown(argv.join(' '))}`,
  });

/** The name and version of a tool, for the manifest; undefined where it is missing. */
export async function versionOf(machine: Machine, tool: string): Promise<string | undefined> {
  try {
    return (await machine.run([tool, '--version'])).stdout.split('\n')[0]?.trim();
  } catch (error) {
    if (error instanceof Fault && error.code === 'command-missing') return undefined;
    throw error;
  }
}
