// Whether a stream is whole: a line that broke, a pod that went, a program of which only the shell before it failed, all may end a
// stream with exit code 0. So a mark that nobody can know before stands behind it, and only when its program ended well.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../../machines/machine.ts';
import { lastWords } from '../commands.ts';

const pieceSize = 256 * 1024;

const script = '"$@" && printf %s "$0"';

/** Why the program failed, in the words of its own kind. */
export type Failure = (ended: Ended) => Fault;

/** The output of a program, to the end that it meant. @throws what `failed` makes of its words, or Fault `dump-cut-short` */
export async function* wholly(
  machine: Machine,
  argv: Argv,
  options: RunOptions,
  failed: Failure,
): AsyncGenerator<Uint8Array> {
  const mark = Buffer.from(randomBytes(24).toString('base64url'));
  const { stdout, ended } = machine.stream(['sh', '-c', script, mark.toString(), ...argv], options);
  // As much as the mark has is held back. A pipe gives less at once than it costs to hand on: pieces are gathered.
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdout) {
    held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    length += chunk.length;
    if (length < pieceSize) continue;
    const gathered = Buffer.concat(held, length);
    held = [Buffer.from(gathered.subarray(-mark.length))];
    length = mark.length;
    yield gathered.subarray(0, -mark.length);
  }
  const last = Buffer.concat(held);
  const end = Math.max(0, last.length - mark.length);
  if (end > 0) yield last.subarray(0, end);
  const how = await ended;
  if (how.exitCode !== 0) throw failed(how);
  if (mark.equals(last.subarray(end))) return;
  throw new Fault('dump-cut-short', {
    where: machine.name,
    says: `what ${argv[0]} wrote has no end, though it is said to have ended well: ${lastWords(how)}`,
    remedy: 'see whether the connection there broke, or its container was stopped (`holdfast log`), and run it again',
  });
}
