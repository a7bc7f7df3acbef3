// How a copy that was just written differs from what it is of: by rsync, read at both ends, but for what it shares with copies that were
// read back before.
import { join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import { holdName, manifestName } from '../common/points/places.ts';
import { gathered } from '../common/records.ts';
import { patternOf } from '../common/rsync/pattern.ts';
import { unverifiedName } from './places.ts';
import { unshared } from './read-back.ts';
import { emptied } from './reader.ts';

/** Everything that a file has; nanoseconds of folders' times are compared with this window only. */
export const whole = ['-aHAXS', '--numeric-ids', '--modify-window=-1'] as const;
/** What a point has beside its parts. */
export const apart = [manifestName, unverifiedName, holdName].map((name) => `--exclude=/${name}`);

const mark = 'holdfast-differs ';
/** The folder of a point gets its manifest last, and a time with it. */
const ownTime = ' .d..t...... ./';

type Side = Readonly<{ machine: Machine; folder: string }>;

export type Differing = Readonly<{
  near: Machine;
  here: Side;
  there: Side;
  /** paths as bytes that are compared already */
  skipped: readonly string[];
  /** the times of parts mean nothing */
  timeless: boolean;
  /** copies that were read back before, and what they are of */
  before: readonly Readonly<{ here: string; there: string }>[];
  /** of the machine that rsync is started on, for lists of names */
  work: string;
  signal: AbortSignal;
  /** rsync from one side to the other with these options; what it printed */
  compare(options: readonly string[]): Promise<string>;
}>;

/** @returns lines of rsync's `%i %n` */
export async function differing(asked: Differing): Promise<readonly string[]> {
  const { near, here, there, skipped, timeless, work, signal } = asked;
  const excluded = skipped.map((path) => `--exclude=${patternOf(`/${path}`)}`);
  const times = timeless ? ['--no-times'] : [];
  const shared = [...whole, ...times, '--dry-run', ...apart, ...excluded, `--out-format=${mark}%i %n`];
  const compare = async (...options: readonly string[]) =>
    (await asked.compare([...shared, ...options]))
      .split('\n')
      .flatMap((line) => (line.startsWith(mark) && !line.endsWith(ownTime) ? [line.slice(mark.length)] : []));

  if (!(await canTell(asked))) return compare('--checksum', '--delete');
  await emptied(near, work);
  const names = join(work, 'names');
  // What is one file with the copy of before at both ends has its content. At the target alone that says nothing: two files of
  // one size and time were linked there, whatever is in them.
  const [of, copies] = [asked.before.map((one) => one.here), asked.before.map((one) => one.there)];
  const count = await listed(near, names, [
    unshared(here.machine, here.folder, of, signal),
    unshared(there.machine, there.folder, copies, signal),
  ]);
  const attributes = await compare('--delete');
  const contents = count === 0 ? [] : await compare('--checksum', '--from0', `--files-from=${names}`);
  return [...new Set([...attributes, ...contents])];
}

/** Both ends speak, there are copies of before, and the points that they are of still lie there. */
async function canTell({ here, there, before }: Differing): Promise<boolean> {
  if (there.machine.rsyncOnly !== undefined || here.machine.rsyncOnly !== undefined || before.length === 0)
    return false;
  for (const one of before) if ((await here.machine.files.info(one.here)) === undefined) return false;
  return true;
}

/** @returns how many names it has now */
async function listed(near: Machine, path: string, each: readonly AsyncIterable<Buffer>[]): Promise<number> {
  const sink = await near.files.sink(path, 0o600);
  let count = 0;
  const records = async function* () {
    for (const names of each)
      for await (const name of names) {
        count += 1;
        yield Buffer.concat([name, Buffer.of(0)]);
      }
  };
  try {
    for await (const chunk of gathered(records())) await sink.write(chunk);
  } finally {
    await sink.close();
  }
  return count;
}
