// Tables for people.
import Table from 'cli-table3';
import { shown } from '../values/text.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => row.map(shown)));
  return `${made.toString()}\n`;
}
