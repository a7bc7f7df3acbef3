// What a copy takes on a disk, against what it should. A copy whose link base failed is whole and right, and twice as large.
import type { Machine } from '../../machines/machine.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { must } from '../common/commands.ts';

/** Of several folders in one count, du(1) counts a file of all but once: the last figure is what the last one adds. */
export async function diskUse(
  machine: Machine,
  folder: string,
  bases: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { stdout } = await must(machine, ['du', '--null', '--summarize', '--block-size=1', '--', ...bases, folder], {
    signal,
  });
  return Number(stdout.split('\0').at(-2)?.split('\t')[0]);
}

/** File systems round by blocks of their own. */
const factor = 1.5;
const slack = 16 * 1024 * 1024;

/** What is said of a copy that is larger than it should be; undefined where it is not, or nobody can tell. Pure. */
export function tooLarge(found: number | undefined, expected: number | undefined): string | undefined {
  if (found === undefined || expected === undefined || found <= expected * factor + slack) return undefined;
  return (
    `it takes ${formatSize(bytes(found))} at the target, and about ${formatSize(bytes(expected))} were expected: ` +
    'what is the same as in the copy before was not linked to it'
  );
}
