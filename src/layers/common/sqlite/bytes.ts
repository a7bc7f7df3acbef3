// Files by names of any bytes: names go to commands on their standard input, each ended by a NUL, and are never part of one.
import type { Machine } from '../../../machines/machine.ts';
import type { Duration } from '../../../values/duration.ts';
import { commandFailed, lastWords } from '../commands.ts';
import { fullOr } from '../records.ts';

const ended = (names: readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(names.flatMap((name) => [Buffer.from(name), Buffer.of(0)]));

export type Copying = Readonly<{ machine: Machine; signal: AbortSignal; deadline: Duration }>;

/**
 * Copies the content of a file, and nothing of its metadata. `gone`: it is not there any more, which is normal where an application
 * works. A link that took its place is not followed, and is `gone` as well.
 */
export async function copyBytes(
  { machine, signal, deadline }: Copying,
  from: Uint8Array,
  to: string,
): Promise<'copied' | 'gone'> {
  const cp = ['cp', '--reflink=auto', '--sparse=auto', '--no-dereference', '--no-target-directory', '--'] as const;
  const argv = ['xargs', '--null', '--max-args=2', ...cp] as const;
  const end = await machine.run(argv, { input: ended([from, to]), signal, deadline, env: { LC_ALL: 'C' } });
  if (end.exitCode !== 0) {
    await machine.files.remove(to);
    if (/cannot stat .*: No such file or directory/.test(end.stderr)) return 'gone';
    throw fullOr(commandFailed(machine, ['cp'], end), lastWords(end), to);
  }
  if ((await machine.files.info(to))?.type === 'file') return 'copied';
  await machine.files.remove(to);
  return 'gone';
}

/** What stat(1) says of each that is there, in this order: the same text twice is the same files, unwritten meanwhile. */
export async function stateOf({ machine, signal, deadline }: Copying, paths: readonly Uint8Array[]): Promise<string> {
  const argv = ['xargs', '--null', 'stat', '--printf=%d %i %s %.9Y %.9Z %n\\0', '--'] as const;
  return (await machine.run(argv, { input: ended(paths), signal, deadline })).stdout;
}
