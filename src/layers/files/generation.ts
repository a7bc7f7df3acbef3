// A generation of one source, made by one command on the machine, and what became of it.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine } from '../../machines/machine.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { commandFailed, lastWords } from '../common/commands.ts';
import { fullOr, split } from '../common/records.ts';
import { type Answer, hear, type List, lists, unheard } from './answer.ts';
import { copyScript } from './script/copy-script.ts';

export type Making = Readonly<{
  machine: Machine;
  /** the partial point */
  partial: string;
  folder: string;
  /** the start of the second before the source was frozen, in seconds since 1970; undefined where others may write to it */
  frozenSince: number | undefined;
  /** of each base, the newest first, what the script wants of it */
  bases: readonly string[];
  /** paths below the folder */
  excluded: readonly string[];
}>;

export type Made = Answer & Readonly<{ names: Readonly<Partial<Record<List, readonly string[]>>>; words: string }>;

/** @throws Fault where there is no generation; what is weaker than promised is in the answer */
export async function makeGeneration(making: Making, context: StepContext): Promise<Made> {
  const { machine, partial } = making;
  const { stdout, ended } = machine.stream(argvOf(making), { signal: context.signal });
  const answer = unheard();
  let known = 0;
  let whole = false;
  for await (const line of split(stdout, 0x0a)) {
    const text = line.toString();
    // A last sign of life may come behind it.
    whole ||= text === 'end';
    const done = hear(answer, text);
    if (done === undefined || done === known) continue;
    known = done;
    context.progress({ done, unit: 'bytes', what: 'reading and writing' });
  }
  const end = await ended;
  const failed = end.exitCode !== 0 || (!whole && answer.outcome !== 'empty');
  // rsync goes on without what there was no room for, and ends as it does where a file has vanished.
  if (lastLines(end) !== '') throw full(making, end, await machine.files.space(partial));
  if (answer.room !== undefined) throw noRoom(partial, answer.room);
  if (failed) throw notMade(making, end, answer);
  if (answer.unlike > 0) throw unlike(partial, answer.unlike);
  return { ...answer, names: await namesIn(machine, join(partial, 'work'), answer), words: end.stderr };
}

function argvOf({ partial, folder, frozenSince, bases, excluded }: Making): Argv {
  return [
    ...(['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', copyScript, 'sh'] as const),
    ...[partial, folder, frozenSince === undefined ? 'now' : String(frozenSince)],
    ...[frozenSince === undefined ? 'live' : 'frozen', String(bases.length), ...bases],
    ...excluded.flatMap((path) => ['-path', patternOf(path), '-fprintf', 'work/excluded', '%P\\0', '-prune', '-o']),
  ];
}

/** What find(1) takes for a pattern stands for itself. */
const patternOf = (path: string): string => `work/source/${path.replace(/[*?[\]\\]/g, '\\$&')}`;

const mostNames = 1000;

async function namesIn(machine: Machine, work: string, { lists: lengths }: Answer): Promise<Made['names']> {
  const names: Partial<Record<List, readonly string[]>> = {};
  for (const list of lists) {
    if (lengths[list] === undefined) continue;
    const found: string[] = [];
    for await (const name of split(machine.files.source(join(work, list)), 0)) {
      found.push(shown(name.toString()));
      if (found.length === mostNames) break;
    }
    names[list] = found;
  }
  return names;
}

function full({ partial }: Making, end: Ended, { free, total }: Readonly<{ free: number; total: number }>): Fault {
  const figures = ` (${formatSize(bytes(free))} of ${formatSize(bytes(total))} are free)`;
  return fullOr(commandFailed({ name: partial }, ['sh'], end), lastLines(end), partial, figures);
}

const lastLines = ({ stderr }: Ended): string =>
  stderr
    .split('\n')
    .filter((line) => /No space left|quota exceeded|Wrote only/.test(line))
    .slice(0, 3)
    .join('; ');

const noRoom = (folder: string, { need, free, of }: NonNullable<Answer['room']>): Fault =>
  new Fault('no-room', {
    where: shown(folder),
    says:
      of === 'bytes'
        ? `${formatSize(bytes(need))} are needed, ${formatSize(bytes(free))} are free`
        : `${count(need, 'file')} would be made, and the file system has room for ${free} (inodes)`,
    remedy: 'free some space there, keep fewer points, or use a larger disk',
  });

const notMade = ({ folder }: Making, end: Ended, { ended }: Answer): Fault =>
  end.exitCode === 2
    ? new Fault('source-not-opened', {
        where: shown(folder),
        says: `it could not be opened for reading apart from everybody else: ${lastWords(end)}`,
        remedy:
          'run Holdfast as root on a kernel of 5.10 or later with util-linux 2.38 (Debian 12); see that the folder is there, and is no link',
      })
    : new Fault('files-not-copied', {
        where: shown(folder),
        says: [...ended, lastWords(end)].join('; '),
        remedy: 'see the log of the run; find, rsync, tar and perl must be on the machine, and its disks sound (dmesg)',
      });

const unlike = (folder: string, files: number): Fault =>
  new Fault('copy-not-verified', {
    where: shown(folder),
    says: `${count(files, 'file')} did not have the content of the source when read again`,
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); use another one for restore points',
  });
