// Tables for people. Where one does not fit the terminal, each row is written as a block of lines instead.
import Table from 'cli-table3';
import { shown } from '../values/text.ts';
import type { Invocation } from './command.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => row.map(shown)));
  return `${made.toString()}\n`;
}

/** A table where it fits, or where no terminal reads it. */
export function tableFor(
  { surroundings: { terminal } }: Pick<Invocation, 'surroundings'>,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const made = table(head, rows);
  const width = Math.max(...made.split('\n').map((line) => line.length));
  return terminal.output && width > terminal.columns ? blocks(head, rows) : made;
}

function blocks(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = Math.max(...head.map((name) => name.length));
  const block = (row: readonly string[]) =>
    row.map((value, index) => `${(head[index] ?? '').padEnd(width)}  ${shown(value)}\n`).join('');
  return `${rows.map(block).join('\n')}\n`;
}
