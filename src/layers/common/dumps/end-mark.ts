// Whether a stream is whole: a line that broke, a pod that went, a program of which only the shell before it failed, all may end a
// stream with exit code 0. So a mark that nobody can know before stands behind it, and only when its program ended well.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../../machines/machine.ts';
import { lastWords } from '../commands.ts';

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
  // The last pieces are held back until as much as the mark has come behind them; nothing is copied but at the end.
  const held: Uint8Array[] = [];
  let behind = 0;
  for await (const chunk of stdout) {
    held.push(chunk);
    behind += chunk.length;
    for (let first = held[0]; first !== undefined && behind - first.length >= mark.length; first = held[0]) {
      held.shift();
      behind -= first.length;
      yield first;
    }
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
