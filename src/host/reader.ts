// How a host is read: files below a root, and programs below the same root, so that a folder can stand in for a host. Nothing
// here writes. Each reading has a deadline and all of them together have one, because a host that needs a doctor may hang
// (a stale NFS mount, a cluster file system without an answer); what could not be read is kept, with what it hides.
import { join, resolve } from 'node:path';
import { asFault, Fault } from '../fault.ts';
import type { Argv, Machine } from '../machines/machine.ts';
import type { Sourced, Unread } from '../model/host.ts';
import { parseJson } from '../proxmox/json.ts';
import { type Duration, formatDuration, milliseconds, seconds } from '../values/duration.ts';
import type { Clock, Instant } from '../values/instant.ts';
import { mebibytes } from '../values/size.ts';
import { notUnderstood, outputOf } from './command.ts';

export type HostMachine = Pick<Machine, 'stream' | 'files'>;
export type ReadOptions = Readonly<{ root: string; clock: Clock; signal?: AbortSignal | undefined }>;
export type Told<Value> = Sourced & Readonly<{ value: Value }>;

export interface Reader {
  readonly unread: readonly Unread[];
  now(): Instant;
  exists(path: string): Promise<boolean>;
  /** undefined where it could not be read, which is then among `unread` */
  text(path: string, hides: string): Promise<Told<string> | 'nothing there' | undefined>;
  names(folder: string, hides: string): Promise<readonly string[] | 'nothing there' | undefined>;
  /** the JSON a program answers; undefined as above */
  ask(argv: Argv, hides: string): Promise<Told<unknown> | undefined>;
  /** the same, where an answer is welcome but not needed: nothing is kept of a failure */
  tryToAsk(argv: Argv): Promise<Told<unknown> | Fault>;
  /** the text a program answers; undefined as above */
  askText(argv: Argv, hides: string): Promise<Told<string> | undefined>;
  missed(source: string, fault: Fault, hides: string): void;
}

const perReading = seconds(20);
// A command is killed at its deadline by the machine; this much later it is given up even where that did not help.
const lateness = seconds(1);
const allTogether = seconds(50);
// No file of the cluster file system can be larger.
const largestFile = mebibytes(1);
const clusterFiles = '/etc/pve';

export function reader(machine: HostMachine, { root, clock, signal }: ReadOptions): Reader {
  const unread: Unread[] = [];
  const startedAt = clock.monotonic();
  const below = (path: string): string => join(resolve(root), path);
  const missed = (source: string, fault: Fault, hides: string): void => {
    unread.push({ source, at: clock.now(), fault: fault.toJSON(), hides });
  };
  const timeFor = (source: string): Duration => {
    const left = allTogether - (clock.monotonic() - startedAt);
    if (left <= 0) throw outOfTime(source, allTogether);
    return milliseconds(Math.min(left, perReading));
  };
  async function attempt<Value>(
    source: string,
    read: (limit: Duration) => Promise<Value>,
  ): Promise<Told<Value> | Fault> {
    try {
      const limit = timeFor(source);
      const value = await within(clock, limit, source, read(limit));
      return { source, at: clock.now(), value };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      return asFault(error, source);
    }
  }
  let answering: Promise<void> | undefined;
  // A thread that waits there cannot be ended, and this process waits for its threads at its own end. A child can be left.
  const file = <Value>(path: string, read: () => Promise<Value>): Promise<Told<Value> | Fault> =>
    attempt(path, async (limit) => {
      if (path.startsWith(clusterFiles)) {
        answering ??= within(clock, limit, clusterFiles, listed(machine, below(clusterFiles), limit, signal));
        await answering;
      }
      return read();
    });
  const output = (argv: Argv): Promise<Told<Buffer> | Fault> => {
    const [program, ...rest] = argv;
    const source = argv.join(' ');
    return attempt(source, async (limit) => {
      if ((await machine.files.info(below(program))) === undefined) throw missingProgram(source, program);
      return outputOf(machine, [below(program), ...rest], source, limit, signal);
    });
  };
  const json = async (argv: Argv): Promise<Told<unknown> | Fault> => {
    const told = await output(argv);
    if (told instanceof Fault) return told;
    const parsed = parseJson(told.value);
    return parsed.kind === 'value' ? { ...told, value: parsed.value } : notUnderstood(told.source, parsed.says);
  };
  /** What was told; a fault is kept among the unread. */
  const kept = <Value>(told: Told<Value> | Fault, source: string, hides: string): Told<Value> | undefined => {
    if (!(told instanceof Fault)) return told;
    missed(source, told, hides);
    return undefined;
  };

  return {
    unread,
    missed,
    now: () => clock.now(),
    exists: async (path) => {
      const told = await file(path, () => machine.files.info(below(path)));
      // What cannot even be looked at is there; whoever reads it next says what is wrong with it.
      return told instanceof Fault || told.value !== undefined;
    },
    text: async (path, hides) => {
      const told = kept(await file(path, () => machine.files.read(below(path), largestFile)), path, hides);
      if (told?.value === undefined) return told && 'nothing there';
      return { ...told, value: new TextDecoder().decode(told.value) };
    },
    names: async (folder, hides) => {
      const told = kept(await file(folder, () => machine.files.list(below(folder))), folder, hides);
      return told && (told.value ?? 'nothing there');
    },
    ask: async (argv, hides) => kept(await json(argv), argv.join(' '), hides),
    tryToAsk: json,
    askText: async (argv, hides) => {
      const told = kept(await output(argv), argv.join(' '), hides);
      return told && { ...told, value: told.value.toString('utf8') };
    },
  };
}

/** Settles when the folder has answered anything, also that it is not there. */
async function listed(
  machine: Pick<Machine, 'stream'>,
  folder: string,
  deadline: Duration,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { stdout, ended } = machine.stream(['/usr/bin/ls', folder], signal ? { deadline, signal } : { deadline });
  for await (const _ of stdout);
  if ((await ended).signal !== undefined) throw outOfTime(folder, deadline);
}

async function within<Value>(clock: Clock, limit: Duration, source: string, work: Promise<Value>): Promise<Value> {
  const settled = new AbortController();
  const late = clock.sleep(milliseconds(limit + lateness), settled.signal).then((): never => {
    throw outOfTime(source, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}

const outOfTime = (where: string, limit: Duration): Fault =>
  new Fault('host-too-slow', {
    where,
    says: `no answer within ${formatDuration(limit)}`,
    remedy:
      'see whether a network file system or the cluster file system hangs (`mount`, `pvecm status`), then run doctor again',
  });

const missingProgram = (where: string, program: string): Fault =>
  new Fault('host-program-missing', {
    where,
    says: `there is no ${program}`,
    remedy: 'install the package it belongs to, or mend the installation of Proxmox',
  });
