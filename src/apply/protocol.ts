// What a supervisor and its worker say to each other: one JSON object a line. The journal, not this, is what is believed;
// these lines are for showing, for stopping, and for knowing that the worker lives.
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { RunId } from '../model/run.ts';
import type { Told } from './engine-types.ts';
import type { Verdict } from './outcome.ts';

export type ToWorker = Readonly<{ say: 'begin'; run: RunId; state: string; root: string }> | Readonly<{ say: 'stop' }>;

export type FromWorker =
  | Readonly<{ say: 'alive' }>
  | Readonly<{ say: 'told'; told: Told }>
  | Readonly<{ say: 'ended'; verdict: Verdict }>
  | Readonly<{ say: 'broken'; fault: Readonly<{ code: string; where: string; says: string; remedy: string }> }>;

export const send = (stream: Writable, message: ToWorker | FromWorker): void => {
  stream.write(`${JSON.stringify(message)}\n`);
};

/** Ends when the other side is gone. Lines that are no message (a library that prints) are handed to `other`. */
export async function* messages<Message>(stream: Readable, other: (line: string) => void): AsyncGenerator<Message> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const message = parsed(line);
    if (message === undefined) other(line);
    else yield message as Message;
  }
}

function parsed(line: string): unknown {
  if (!line.startsWith('{"say":')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
