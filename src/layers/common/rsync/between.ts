// rsync from a folder to a folder, of one machine or of two. Of two, neither gets a key for the other: rsync at one end speaks through
// this process with its server at the other, each by the connection that Holdfast has anyway.
import type { Progress } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine, Talking } from '../../../machines/machine.ts';
import { lastWords } from '../commands.ts';
import { placeholder, serverWords } from './words.ts';

export type Rsync = Readonly<{
  /** where rsync is started: a machine that runs commands */
  near: Machine;
  /** the other one; the same where there is only one */
  far: Machine;
  /** `push`: from near to far */
  direction: 'push' | 'pull';
  from: string;
  to: string;
  /** folders of the target's machine: what is the same there becomes a hard link */
  linkDest?: readonly string[];
  options: readonly string[];
  signal: AbortSignal;
  progress(progress: Progress): void;
  /** for `progress` */
  what: string;
}>;

export type Rsynced = Readonly<{
  /** as rsync(1) lists them: 23 not everything, 24 something vanished */
  exitCode: number;
  /** both ends' errors, for a fault */
  words: string;
  /** what rsync printed, up to 1 MiB */
  output: string;
}>;

/** A folder with all that is in it; a name of a file stays as it is. */
export async function rsyncBetween(rsync: Rsync): Promise<Rsynced> {
  return rsync.near.name === rsync.far.name ? onOne(rsync) : onTwo(rsync);
}

const linking = (folders: readonly string[]) => folders.map((folder) => `--link-dest=${folder}`);

async function onOne({ near, from, to, linkDest = [], options, signal, progress, what }: Rsync): Promise<Rsynced> {
  const argv: Argv = ['rsync', ...options, ...linking(linkDest), '--', from, to];
  const { stdout, ended } = near.stream(argv, { signal });
  let output = '';
  let done = 0;
  for await (const chunk of stdout) {
    done += chunk.length;
    if (output.length < 1024 * 1024) output += Buffer.from(chunk).toString();
    progress({ done, unit: 'items', what });
  }
  const end = await ended;
  return { exitCode: end.exitCode, words: lastWords(end), output };
}

/**
 * What rsync starts in the place of ssh: it says what is wanted at the other end, and is a pipe from then on, which ends when the other
 * end does, as ssh would. It speaks by what are the script's own two ends; what rsync prints goes to the errors.
 */
const relay = [
  'shift; for w do printf "%s\\0" "$w" >&4; done; printf "\\0" >&4',
  'exec 5<&0; cat <&5 >&4 3<&- 5<&- & exec 4>&- 5<&-; cat <&3; kill $! 2>/dev/null',
].join('; ');
const script = 'exec 3<&0 4>&1; exec rsync "$@" </dev/null >&2';

async function onTwo(rsync: Rsync): Promise<Rsynced> {
  const { near, far, direction, from, to, linkDest = [], options, signal } = rsync;
  const there = direction === 'push' ? [to, ...linkDest] : [from];
  const other = `far:${placeholder(0)}${there[0]?.endsWith('/') ? '/' : ''}`;
  const links = linking(direction === 'push' ? linkDest.map((_, nth) => placeholder(nth + 1)) : linkDest);
  const ends = direction === 'push' ? [from, other] : [other, to];
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const argv = [
    'sh',
    '-c',
    script,
    'sh',
    '--blocking-io',
    ...options,
    ...links,
    '-e',
    `sh -c '${relay}' relay`,
    '--',
    ...ends,
  ] as const;
  const here = near.talk([...argv] as [string, ...string[]], { signal: both });
  try {
    const speaking = reader(here);
    const said = await speaking.header();
    if (said === undefined) return outcome(await here.ended, undefined);
    const words = serverWords(said, [...options, '--link-dest'], there, near.name);
    const server = far.talk(words as unknown as Argv, { signal: both });
    // rsync would wait for an other end that never began.
    server.ended.catch((error) => stop.abort(error));
    const passing = Promise.all([pass(speaking.rest(), server, rsync), pass(server.stdout, here, rsync)]);
    const [mine, its] = await Promise.allSettled([here.ended, server.ended, passing]);
    // That a connection was lost says more than that rsync lost its other end.
    for (const end of [its, mine]) if (end.status === 'rejected') throw end.reason;
    return outcome(endedIn(mine), endedIn(its));
  } catch (error) {
    stop.abort(error);
    await here.ended.catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
}

function endedIn(settled: PromiseSettledResult<Ended>): Ended {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

const outcome = (mine: Ended, its: Ended | undefined): Rsynced => ({
  exitCode: mine.exitCode,
  words: [lastWords(mine), ...(its === undefined || its.stderr.trim() === '' ? [] : [lastWords(its)])].join('; '),
  output: mine.stderr,
});

async function pass(chunks: AsyncIterable<Uint8Array>, to: Talking, { progress, what }: Rsync): Promise<void> {
  let done = 0;
  let listens = true;
  for await (const chunk of chunks) {
    done += chunk.length;
    progress({ done, unit: 'bytes', what });
    // What nobody listens to any more is read to its end all the same, so that its speaker can end.
    if (listens) listens = await to.write(chunk).catch(() => false);
  }
  await to.hush().catch(() => {});
}

const mostWords = 64 * 1024;

/** The words that rsync wants at the other end, each with a NUL behind it and one more behind the last; then the protocol. */
function reader({ stdout }: Talking) {
  const chunks = stdout[Symbol.asyncIterator]();
  let carried = Buffer.alloc(0);
  return {
    header: async (): Promise<readonly string[] | undefined> => {
      for (;;) {
        const at = carried.indexOf('\0\0');
        if (at >= 0) {
          const words = carried.subarray(0, at).toString().split('\0');
          carried = carried.subarray(at + 2);
          return words;
        }
        const next = await chunks.next();
        if (next.done === true) return undefined;
        carried = Buffer.concat([carried, next.value]);
        if (carried.length > mostWords) throw new Fault('rsync-talks-strangely', tooMuch);
      }
    },
    async *rest(): AsyncGenerator<Uint8Array> {
      if (carried.length > 0) yield carried;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    },
  };
}

const tooMuch = {
  where: 'rsync',
  says: 'it names no command for its other end',
  remedy: 'see what its rsync is (`rsync --version`, `command -v rsync`)',
};
