// Records of any number and length, split from a stream and sorted by sort(1) on the disk: a tree of millions of names never
// lies in memory.
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { commandFailed, lastWords } from './commands.ts';

/** Each record is a copy, and may be kept. An unfinished last record is given, too. */
export async function* split(chunks: AsyncIterable<Uint8Array>, separator: number): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(separator); at !== -1; at = chunk.indexOf(separator, from)) {
      const end = chunk.subarray(from, at);
      yield rest.length === 0 ? Buffer.from(end) : Buffer.concat([...rest, end]);
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

/** Small pieces of text in chunks that are worth a system call. */
export async function* gathered(texts: AsyncIterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const text of texts) {
    const piece = Buffer.from(text);
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < 256 * 1024) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

export type Sorting = Readonly<{ machine: Machine; folder: string; signal: AbortSignal }>;

/** Writes NUL-terminated records, sorted by their bytes, to a new file. */
export async function sortInto(
  { machine, folder, signal }: Sorting,
  records: AsyncIterable<Uint8Array>,
  output: string,
): Promise<void> {
  const options = ['--zero-terminated', '--buffer-size=32M', `--temporary-directory=${folder}`, `--output=${output}`];
  const argv = ['sort', ...options] as const;
  const sorting = machine.feed(argv, { signal, env: { LC_ALL: 'C' } });
  try {
    for await (const chunk of records) if (!(await sorting.write(chunk))) break;
  } catch (error) {
    await sorting.close().catch(() => {});
    throw error;
  }
  const ended = await sorting.close();
  if (ended.exitCode !== 0) throw fullOr(commandFailed(machine, argv, ended), lastWords(ended), folder);
}

/** What a command says of a disk without room is the same fault as when we meet it ourselves. tar may meet it within a write. */
export const fullOr = (fault: Fault, words: string, folder: string, figures = ''): Fault =>
  /No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/.test(words)
    ? new Fault('disk-full', {
        where: shown(folder),
        says: `the disk has no room left${figures}: ${words}`,
        remedy: 'free some space there, then run it again',
      })
    : fault;
