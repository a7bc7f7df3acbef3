// What steps logged and tools printed in a run: its end, since a chatty tool may have written for hours.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const most = 100;
const bytes = 256 * 1024;

export type ToolOutput = Readonly<{
  file: string;
  /** the last of it, at most a hundred lines, as they were written */
  lines: readonly string[];
  /** whether there is more before them */
  cut: boolean;
}>;

/** Undefined where nothing was written, or the output of so old a run is gone. */
export function readToolOutput(file: string): ToolOutput | undefined {
  const end = endOf(file);
  if (end === undefined) return undefined;
  const lines = end.text.split('\n');
  // The last line has its end, too; the first of what was read from the middle is half of one.
  if (lines.at(-1) === '') lines.pop();
  if (end.cut) lines.shift();
  return { file, lines: lines.slice(-most), cut: end.cut || lines.length > most };
}

function endOf(file: string): Readonly<{ text: string; cut: boolean }> | undefined {
  let opened: number;
  try {
    opened = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(opened);
    const from = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - from);
    const read = readSync(opened, buffer, 0, buffer.length, from);
    return { text: buffer.toString('utf8', 0, read), cut: from > 0 };
  } finally {
    closeSync(opened);
  }
}
