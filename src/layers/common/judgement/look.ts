// Looks into files on the machine they lie on, before and after, and says what became of each.

import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { lastWords } from '../commands.ts';
import { split } from '../records.ts';
import { type Content, contentOf, isUnreadable, type Sampled } from './content.ts';
import type { Pair } from './endings.ts';
import { lookScript } from './look-script.ts';

/** `unreadable`, of a file that is new: noise of no kind that is known. */
export type Looked = Readonly<{ path: Buffer; content: Content | 'unreadable' }>;

export type Looking = Readonly<{
  machine: Machine;
  /** the trees of both generations */
  before: string;
  after: string;
  signal: AbortSignal;
  looked(files: number): void;
}>;

/** @returns in words why nobody could look, where that is so */
export async function lookInto(looking: Looking, pairs: readonly Pair[]): Promise<readonly Looked[] | string> {
  if (pairs.length === 0) return [];
  const { machine, before, after, signal } = looking;
  const nul = Buffer.of(0);
  const input = Buffer.concat(pairs.flatMap((pair) => [pair.before ?? Buffer.alloc(0), nul, pair.after, nul]));
  const found: Looked[] = [];
  try {
    const { stdout, ended } = machine.stream(['perl', '-e', lookScript, before, after], { signal, input });
    let at = 0;
    for await (const line of split(stdout, 0x0a)) {
      const pair = pairs[at];
      if (pair !== undefined) found.push({ path: pair.after, content: contentIn(line.toString('latin1'), pair) });
      at += 1;
      if (at % 100 === 0) looking.looked(at);
    }
    const end = await ended;
    if (end.exitCode !== 0) return `perl: ${lastWords(end)}`;
  } catch (error) {
    if (error instanceof Fault && error.code === 'command-missing') return `${error.where}: ${error.says}`;
    throw error;
  }
  return found.length === pairs.length ? found : `perl looked into ${found.length} of ${pairs.length} files`;
}

function contentIn(line: string, pair: Pair): Looked['content'] {
  const [before, after] = line.split(' ').map(sampledIn);
  if (after === undefined) return 'unclear';
  if (pair.before === undefined) return isUnreadable(after) ? 'unreadable' : 'as ever';
  return before === undefined ? 'unclear' : contentOf(before, after);
}

function sampledIn(text: string): Sampled | undefined {
  if (text === '-') return undefined;
  const [size, ...fields] = text.split(':');
  const block = (from: number) => {
    const [bytes = 0, entropy = 0, zero] = fields.slice(from, from + 3).map(Number);
    return { bytes, entropy, zero: zero === 1 };
  };
  const rest = block(3);
  const begins = Buffer.from(fields[6] ?? '', 'hex');
  return { size: Number(size), head: block(0), rest: rest.bytes === 0 ? undefined : rest, begins };
}
