// A machine is a place where commands run and files lie: this one, one over SSH, a pod, a container. Whatever it starts
// dies with the worker that started it, and carries the run's id in its environment (HOLDFAST_RUN), so that a recovery
// finds what a crash left behind.
import type { Duration } from '../values/duration.ts';

export type Argv = readonly [string, ...string[]];

export type RunOptions = Readonly<{
  /** aborted: the command and whatever it started are killed, and the call rejects with the signal's reason */
  signal?: AbortSignal;
  /** the command is killed when it has run this long, and the call rejects with a Fault */
  deadline?: Duration;
  /** bytes for its standard input; secrets go here, never into `argv` or `env` */
  input?: string | Uint8Array;
  env?: Readonly<Record<string, string>>;
}>;

/**
 * How a command ended. Output beyond 1 MiB is cut, and the cut is said in it. `signal` is set where one killed it; the
 * exit code is then 128 and the signal's number, as a shell has it.
 */
export type Ended = Readonly<{ exitCode: number; signal: string | undefined; stdout: string; stderr: string }>;

export interface Streaming {
  /** chunks as they come; a reader that stops reading stops the command from writing, one that leaves the loop ends it */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** resolves when the command has ended and its output was read; stdout is empty in it */
  readonly ended: Promise<Ended>;
}

export interface Feeding {
  /** resolves when the chunk may be used again; false: the command reads no more, and `close` tells how it ended */
  write(chunk: Uint8Array): Promise<boolean>;
  /** closes its standard input and waits for its end */
  close(): Promise<Ended>;
}

/** Both ways at once: a protocol is spoken with the command. */
export interface Talking extends Streaming {
  /** resolves when the chunk may be used again; false: the command listens no more, and `ended` tells how it ended */
  write(chunk: Uint8Array): Promise<boolean>;
  /** closes its standard input; it may go on speaking */
  hush(): Promise<void>;
}

export type RsyncOnly = Readonly<{
  root: string;
  /** whether there is a key that reads what lies there, and one that adds to it */
  reads: boolean;
  appends: boolean;
}>;

export interface Machine {
  readonly name: string;
  /** it knows its commands word by word, as a gate does: nothing (`nice`, `env`) may be put before them */
  readonly knowsWords?: true;
  /** it runs no commands: a folder of it is served by rsync, and nothing else */
  readonly rsyncOnly?: RsyncOnly;
  /** a command that could not be started at all is a Fault (`command-missing`); one that failed is an answer */
  run(argv: Argv, options?: RunOptions): Promise<Ended>;
  /** a command whose output is too large to keep */
  stream(argv: Argv, options?: RunOptions): Streaming;
  /** a command that is fed on its standard input */
  feed(argv: Argv, options?: Omit<RunOptions, 'input'>): Feeding;
  /** a command that listens and speaks, as `rsync --server` does; whoever leaves its output ends it */
  talk(argv: Argv, options?: Omit<RunOptions, 'input'>): Talking;
  readonly files: Files;
}

export type FileInfo = Readonly<{
  type: 'file' | 'folder' | 'link' | 'fifo' | 'socket' | 'block' | 'character';
  size: number;
  /** permission bits with setuid, setgid and sticky */
  mode: number;
  uid: number;
  gid: number;
  /** milliseconds since 1970, with fractions */
  modified: number;
  device: number;
  inode: number;
  links: number;
  target: string | undefined;
}>;

export type SourceOptions = Readonly<{
  signal?: AbortSignal;
  /** the first byte that is read */
  from?: number;
}>;

export interface Sink {
  /** resolves when the chunk may be used again */
  write(chunk: Uint8Array): Promise<void>;
  /** everything is on the disk (fsync) when this resolves */
  close(): Promise<void>;
  /** gives the file up: closes it without promise, and removes it */
  abandon(): Promise<void>;
}

/**
 * Files of a machine, by absolute path. Names are bytes to a file system; names that are no UTF-8 are refused with a
 * Fault, not mangled. A disk without room is the Fault `disk-full`, with figures.
 */
export interface Files {
  /** undefined where there is nothing; never follows a link */
  info(path: string): Promise<FileInfo | undefined>;
  /** undefined where there is no such file; a Fault beyond `limit` bytes, and for a link */
  read(path: string, limit: number): Promise<Uint8Array | undefined>;
  /** the file in pieces, for what is too large to keep; a piece holds until the next one is asked for */
  source(path: string, options?: SourceOptions): AsyncIterable<Uint8Array>;
  /** whole or not at all: written beside, fsynced, renamed over, the folder fsynced */
  write(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** a new file (refused where one is) that is written piece by piece */
  sink(path: string, mode: number): Promise<Sink>;
  /** names, sorted; undefined where there is no such folder */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** the last name of the path only; a folder that is there already is left as it is */
  makeFolder(path: string, mode: number): Promise<void>;
  /** within one file system; the folders of both names are fsynced */
  rename(from: string, to: string): Promise<void>;
  /** a file or a whole tree; nothing where there is nothing; never follows a link, never leaves the file system */
  remove(path: string): Promise<void>;
  /** bytes that users may still write, and all that they may have; what a file system keeps for root is in neither, as in df(1) */
  space(path: string): Promise<Readonly<{ free: number; total: number }>>;
}
