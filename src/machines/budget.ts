// A machine that is worked no harder than was agreed: its commands stand back for others, and what streams through keeps a
// rate. Bytes are counted where they pass this process; what a command moves by itself (a snapshot, a copy on that machine) is
// held back by its priority alone.
import { milliseconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Argv, Ended, Machine } from './machine.ts';

export type MachineBudget = Readonly<{
  /** 0 not at all, 19 for everybody */
  nice?: number | undefined;
  io?: 'idle' | 'best-effort' | undefined;
  bytes_per_second?: number | undefined;
}>;

// ionice(1): class 3 is idle; of class 2, best-effort, 7 is the last.
const classes = { idle: ['-c', '3'], 'best-effort': ['-c', '2', '-n', '7'] } as const;

export function withBudget(machine: Machine, budget: MachineBudget, clock: Clock): Machine {
  const { nice, io, bytes_per_second } = budget;
  const before = [
    ...(nice === undefined ? [] : ['nice', '-n', String(nice)]),
    ...(io === undefined ? [] : ['ionice', ...classes[io]]),
  ];
  // A gate would refuse them; what it lets through are commands of LVM and the like, and its bytes keep the rate all the same.
  const [first, ...others] = machine.knowsWords === true ? [] : before;
  const behind = (argv: Argv): Argv => (first === undefined ? argv : [first, ...others, ...argv]);
  const pass = rate(bytes_per_second, clock);
  // Asked without the two, the machine says in its own words that it has no such command.
  const orMissing = async (argv: Argv, ended: Ended): Promise<Ended> =>
    ended.exitCode === 127 && /^(nice|ionice): /.test(ended.stderr) ? machine.run(argv) : ended;
  return {
    name: machine.name,
    ...(machine.knowsWords === undefined ? {} : { knowsWords: machine.knowsWords }),
    ...(machine.rsyncOnly === undefined ? {} : { rsyncOnly: machine.rsyncOnly }),
    run: async (argv, options) => orMissing(argv, await machine.run(behind(argv), options)),
    stream: (argv, options) => {
      const { stdout, ended } = machine.stream(behind(argv), options);
      return { stdout: slowly(stdout, pass, options?.signal), ended: later(ended, (end) => orMissing(argv, end)) };
    },
    feed: (argv, options) => {
      const fed = machine.feed(behind(argv), options);
      return {
        write: async (chunk) => {
          await pass(chunk.length, options?.signal);
          return fed.write(chunk);
        },
        close: async () => orMissing(argv, await fed.close()),
      };
    },
    talk: (argv, options) => {
      const talking = machine.talk(behind(argv), options);
      return {
        stdout: slowly(talking.stdout, pass, options?.signal),
        ended: later(talking.ended, (end) => orMissing(argv, end)),
        write: async (chunk) => {
          await pass(chunk.length, options?.signal);
          return talking.write(chunk);
        },
        hush: () => talking.hush(),
      };
    },
    files: {
      ...machine.files,
      source: (path, options) => slowly(machine.files.source(path, options), pass, options?.signal),
      sink: async (path, mode) => {
        const sink = await machine.files.sink(path, mode);
        return {
          ...sink,
          write: async (chunk) => {
            await pass(chunk.length);
            await sink.write(chunk);
          },
        };
      },
    },
  };
}

type Pass = (bytes: number, signal?: AbortSignal) => Promise<void>;

/** One pace for all that goes through at the same time. */
function rate(bytesPerSecond: number | undefined, clock: Clock): Pass {
  if (bytesPerSecond === undefined) return async () => {};
  let free = clock.monotonic();
  return async (bytes, signal) => {
    free = Math.max(free, clock.monotonic()) + (bytes / bytesPerSecond) * 1000;
    const wait = free - clock.monotonic();
    if (wait > 0) await clock.sleep(milliseconds(wait), signal);
  };
}

async function* slowly(
  chunks: AsyncIterable<Uint8Array>,
  pass: Pass,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await pass(chunk.length, signal);
    yield chunk;
  }
}

function later(ended: Promise<Ended>, then: (ended: Ended) => Promise<Ended>): Promise<Ended> {
  const made = ended.then(then);
  made.catch(() => {});
  return made;
}
