// Large files that are mostly holes. rsync reads the whole of a hole, sends it, and looks through it again at the other end: some forty
// minutes a terabyte, measured. tar asks the file system where there is something (SEEK_DATA, lseek(2)), and takes that alone. So tar
// carries what they hold, and rsync, which comes after it, finds their size and time as they are and sees to all else that a file has.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Path } from '../../../model/change-journal.ts';
import { shown } from '../../../values/text.ts';
import { commandFailed, lastWords } from '../commands.ts';
import { fullOr, split } from '../records.ts';
import { sparseProgram } from '../trees/generation/digests.ts';
import { isHoley, largeForFind } from './rule.ts';

/** A large file, below a folder; paths are bytes, one character for each. */
export type Holey = Readonly<{ path: Path; file: string }>;

type Watched = Pick<StepContext, 'signal' | 'progress'>;

const names = (paths: readonly Path[]): Buffer => Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1');

/** Of a folder that nobody swaps for another meanwhile. @param within a path in it that alone is meant */
export async function holeyIn(
  machine: Machine,
  folder: string,
  signal: AbortSignal,
  within: Path = '',
): Promise<readonly Holey[]> {
  const asked = ['-xdev', '-type', 'f', '-size', largeForFind, '-printf', '%b %s %i %P\\0'] as const;
  const { stdout, ended } = machine.stream(['find', folder, ...asked], { signal });
  const found: Holey[] = [];
  for await (const record of split(stdout, 0)) {
    const [, blocks, size, file = '', path = ''] = /^(\d+) (\d+) (\d+) (.*)$/s.exec(record.toString('latin1')) ?? [];
    const meant = within === '' || path === within || path.startsWith(`${within}/`);
    if (meant && isHoley(Number(size), Number(blocks) * 512)) found.push({ path, file });
  }
  const end = await ended;
  if (end.exitCode !== 0) throw commandFailed(machine, ['find', folder], end);
  return found;
}

export type Carrying = Readonly<{
  from: Machine;
  folder: string;
  to: Machine;
  into: string;
  paths: readonly Path[];
  /** bytes a second; as fast as it goes without it */
  rate?: number | undefined;
  pause?(milliseconds: number): Promise<void>;
}>;

const tar = ['tar', '--file=-', '--blocking-factor=128'] as const;

/** What cannot be read stays for rsync, which says so. @throws Fault where the target takes it not, `disk-full` among them */
export async function carryHoley(carrying: Carrying, { signal, progress }: Watched): Promise<void> {
  const { from, folder, to, into, paths, rate, pause } = carrying;
  if (paths.length === 0) return;
  const reading = from.talk(
    [
      ...[...tar, '--create', '--format=posix', '--sparse', '--no-recursion', '--null', '--verbatim-files-from'],
      ...[`--directory=${folder}`, '--files-from=-'],
    ] as unknown as readonly [string, ...string[]],
    { signal },
  );
  reading.ended.catch(() => {});
  const asked = reading.write(names(paths)).then(() => reading.hush());
  // Whoever waits for it comes to it later, or not at all.
  asked.catch(() => {});
  const writing = to.feed([...tar, '--extract', '--same-owner', '--same-permissions', `--directory=${into}`], {
    signal,
  });
  let done = 0;
  let taken = true;
  try {
    for await (const chunk of reading.stdout) {
      done += chunk.length;
      progress({ done, unit: 'bytes', what: 'bringing what lies between holes' });
      taken = await writing.write(chunk);
      if (!taken) break;
      if (rate !== undefined) await pause?.((chunk.length / rate) * 1000);
    }
    // What is not taken any more is the target's own word, and the source's end says nothing beside it.
    if (taken) await Promise.all([asked, reading.ended]);
  } catch (error) {
    await writing.close().catch(() => {});
    throw error;
  }
  const end = await writing.close();
  if (end.exitCode === 0) return;
  const words = lastWords(end);
  const failed = { where: shown(into), says: `tar could not unpack everything: ${words}`, remedy: 'see its words' };
  throw fullOr(new Fault('unpack-failed', failed), words, into);
}

/** Those whose content differs between two folders. None of it is read but what lies between the holes. */
export async function unlikeHoley(
  one: Readonly<{ machine: Machine; folder: string }>,
  other: Readonly<{ machine: Machine; folder: string }>,
  paths: readonly Path[],
  signal: AbortSignal,
): Promise<readonly Path[]> {
  if (paths.length === 0) return [];
  const [these, those] = await Promise.all([one, other].map((side) => digests(side, paths, signal)));
  return paths.filter((path) => these?.get(path) === undefined || these.get(path) !== those?.get(path));
}

async function digests(
  { machine, folder }: Readonly<{ machine: Machine; folder: string }>,
  paths: readonly Path[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Path, string>> {
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const { stdout, ended } = machine.stream(['perl', '-e', sparseProgram, folder], { signal, input });
  const found = new Map<Path, string>();
  for await (const record of split(stdout, 0)) {
    const text = record.toString('latin1');
    const at = text.lastIndexOf('//');
    found.set(text.slice(0, at), text.slice(at + 2));
  }
  await ended;
  return found;
}
