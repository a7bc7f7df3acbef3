// Where this process finds itself. Only main.ts reads it from Node; everybody else is handed it.
import type { Readable, Writable } from 'node:stream';
import type { Program } from './machines/own-process.ts';
import type { Clock } from './values/instant.ts';

export type Surroundings = Readonly<{
  arguments: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  input: Readable;
  output: Writable;
  errors: Writable;
  /** whether a person reads the output and can answer */
  terminal: Readonly<{ output: boolean; input: boolean; columns: number }>;
  folder: string;
  home: string;
  user: number;
  process: number;
  hostName: string;
  clock: Clock;
  /** how to start this very program again */
  program: Program;
  version: string;
  /** aborted by Ctrl-C, a closed terminal, a stopping service; a second Ctrl-C ends the process at once */
  stopped: AbortSignal;
}>;
