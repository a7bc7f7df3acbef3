// Whether an output is as a whole one was said to be. All of it is looked at as it passes.
import { Fault } from '../../fault.ts';
import { parseByteSize, sizeOf } from '../../values/byte-size.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { cut, shown } from '../../values/text.ts';
import type { Command } from './schema.ts';

export type Passing = Readonly<{
  pieces: AsyncIterable<Uint8Array>;
  /** `\n`, and a last line without one */
  lines(): number;
}>;

const lineEnd = 10;
const blank = /^[\s]*$/;

/** @throws Fault `dump-not-as-declared` behind the last piece */
export function passing(command: Command, output: AsyncIterable<Uint8Array>): Passing {
  const { begins_with: first, ends_with: last, count_lines: counts } = command;
  const [begins, ends] = [Buffer.from(first ?? ''), Buffer.from(last ?? '')];
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let lines = 0;
  let open = false;
  const pieces = async function* () {
    for await (const piece of output) {
      size += piece.length;
      if (head.length < begins.length) head = Buffer.concat([head, piece.subarray(0, begins.length - head.length)]);
      if (ends.length > 0) tail = endOf(tail, piece, ends.length);
      if (counts === true && piece.length > 0) {
        lines += linesIn(piece);
        open = piece.at(-1) !== lineEnd;
      }
      yield piece;
    }
    const least = sizeOf(parseByteSize(command.at_least ?? '1') ?? { amount: 1, unit: 'B' });
    if (size < least)
      throw otherwise(
        command,
        size === 0
          ? 'it has written nothing'
          : `it has written ${formatSize(bytes(size))}, less than ${formatSize(least)}`,
      );
    if (!head.equals(begins)) throw otherwise(command, `it begins ${how(command, head)}`);
    const end = trimmed(tail);
    if (!end.subarray(Math.max(0, end.length - ends.length)).equals(trimmed(ends)))
      throw otherwise(command, `it ends ${how(command, end.subarray(-ends.length))}`);
  };
  return { pieces: pieces(), lines: () => lines + (open ? 1 : 0) };
}

/** Enough of the end to see what stands before any blanks there. */
const behind = 4096;

function endOf(tail: Buffer, piece: Uint8Array, needed: number): Buffer {
  const joined = Buffer.concat([tail, piece.subarray(-(needed + behind))]);
  return joined.subarray(Math.max(0, joined.length - needed - behind));
}

function trimmed(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && blank.test(String.fromCharCode(text[end - 1] ?? 0))) end -= 1;
  return text.subarray(0, end);
}

function linesIn(piece: Uint8Array): number {
  let found = 0;
  for (let at = piece.indexOf(lineEnd); at !== -1; at = piece.indexOf(lineEnd, at + 1)) found += 1;
  return found;
}

/** What a program with secrets wrote may hold a piece of one, which nobody would know again. */
const how = ({ secrets = [] }: Command, text: Buffer): string =>
  secrets.length > 0 ? 'otherwise than declared' : `with "${cut(shown(text.toString()), 100)}"`;

const otherwise = ({ name }: Command, says: string): Fault =>
  new Fault('dump-not-as-declared', {
    where: shown(name),
    says: `the program ended well, and its output is not whole: ${says}`,
    remedy: 'run it by hand; where the output is right, change `begins_with`, `ends_with` or `at_least`',
  });
