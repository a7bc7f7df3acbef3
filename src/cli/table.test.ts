import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Invocation } from './command.ts';
import { tableFor } from './table.ts';

const on = (columns: number, output = true) =>
  ({ surroundings: { terminal: { output, input: output, columns } } }) as unknown as Invocation;
const head = ['workload', 'place'];
const rows = [
  ['photos', 'here:/mnt/backup/photos-image'],
  ['mail', 'here:/mnt/backup/mail\u001b[31m'],
];

describe('a table', () => {
  it('is one where it fits the terminal, and wherever no terminal reads it', () => {
    assert.match(tableFor(on(80), head, rows), /^┌[\s\S]*│ photos/);
    assert.match(tableFor(on(20, false), head, rows), /^┌/);
  });

  it('is a block of lines a row where the terminal is too narrow for it', () => {
    assert.equal(
      tableFor(on(40), head, rows),
      'workload  photos\nplace     here:/mnt/backup/photos-image\n\nworkload  mail\nplace     here:/mnt/backup/mail\\u001b[31m\n\n',
    );
  });
});
