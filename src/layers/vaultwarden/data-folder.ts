// The data folder: what lies at its top, and how much it is. Names are bytes, and go to commands on their standard input.
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { lastWords } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { folderMissing, notRead } from './faults.ts';
import { type Names, sorted } from './names.ts';

export const ended = (names: readonly Uint8Array[]): Buffer =>
  Buffer.concat(names.flatMap((name) => [Buffer.from('./'), name, Buffer.of(0)]));

/** @throws Fault `folder-missing`, or `item-incomplete` where it cannot be looked into */
export async function namesIn(
  machine: Machine,
  folder: string,
  also: readonly string[],
  signal: AbortSignal,
): Promise<Names> {
  if ((await machine.files.info(folder))?.type !== 'folder') throw folderMissing(folder);
  const argv = ['find', `${folder}/`, '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\0'] as const;
  const { stdout, ended: end } = machine.stream(argv, { signal, deadline: minutes(5) });
  const names: Buffer[] = [];
  for await (const name of split(stdout, 0)) names.push(name);
  const how = await end;
  if (how.exitCode !== 0) throw notRead(folder, `find: ${lastWords(how)}`);
  return sorted(names, also);
}

export async function bytesOf(
  machine: Machine,
  folder: string,
  names: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<number> {
  if (names.length === 0) return 0;
  const argv = ['env', `--chdir=${folder}`, 'du', '--bytes', '--total', '--null', '--files0-from=-'] as const;
  // A file that goes while du looks is none that is copied.
  const { stdout } = await machine.run([...argv, '--summarize'], { input: ended(names), signal });
  const total = stdout.split('\0').findLast((line) => line.endsWith('\ttotal'));
  return Number(total?.split('\t')[0] ?? 0) || 0;
}
