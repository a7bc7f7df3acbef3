// What really went wrong in one homelab (the scripts, the recorded failures, the defects found in their text, the restore guides, and
// the scenarios that must hold): each number has tests named after it here, or the part of Holdfast that is still to come and will
// have them. The table is reality.json; a number stands in the title of each of its tests.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as z from 'zod';
import written from './reality.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');

/** Parts that later work brings; nothing else may put a number off. */
const laterParts = ['alerts', 'drills', 'dumps', 'guest', 'posture', 'registry', 'watch'] as const;

const table = z
  .array(
    z.union([
      z.strictObject({
        number: z.string(),
        what: z.string().min(2),
        tests: z.array(z.strictObject({ file: z.string(), title: z.string() })).min(1),
      }),
      z.strictObject({ number: z.string(), what: z.string().min(2), later: z.enum(laterParts) }),
    ]),
  )
  .parse(written);

const upTo = (head: string, count: number) => Array.from({ length: count }, (_, index) => `${head}${index + 1}`);

/** 1: what each script does (letters tell its defects apart). 2: recorded failures. L: latent defects. 4: restore guides. 6: scenarios. */
const whole = [...upTo('1.', 8), ...upTo('2.', 49), ...upTo('L', 22), ...upTo('4.', 14), ...upTo('6.', 30)];

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Whether a test or a group of tests has that very title. */
const has = (file: string, title: string): boolean => {
  const text = readFileSync(join(root, file), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  return ["'", '"', '`'].some((quote) =>
    ['it', 'describe'].some((call) => new RegExp(`\\b${call}\\(\\s*${quote}${escaped(title)}${quote}`).test(text)),
  );
};

const numbersIn = (title: string): readonly string[] => /\(reality ([^)]+)\)$/.exec(title)?.[1]?.split(', ') ?? [];

describe('what went wrong once', () => {
  it('stands here number by number: none is left out, none stands twice', () => {
    const numbers = table.map(({ number }) => number);
    assert.deepEqual(
      numbers.filter((number, index) => numbers.indexOf(number) !== index),
      [],
    );
    const plain = new Set(numbers.map((number) => number.replace(/[a-z]$/, '')));
    assert.deepEqual(
      whole.filter((number) => !plain.has(number)),
      [],
    );
    assert.deepEqual(
      [...plain].filter((number) => !whole.includes(number)),
      [],
    );
  });

  for (const row of table)
    if ('tests' in row)
      it(`${row.number} (${row.what}) has its tests, and they are named after it`, () => {
        for (const { file, title } of row.tests) {
          assert.ok(existsSync(join(root, file)), file);
          assert.ok(has(file, title), `${file} has no test that is called: ${title}`);
          assert.ok(numbersIn(title).includes(row.number), `${title} does not name ${row.number}`);
        }
      });

  it('is named by no test that the table does not know', () => {
    const known = new Set(table.flatMap((row) => ('tests' in row ? row.tests.map(({ file }) => file) : [])));
    for (const file of known) {
      const named = readFileSync(join(root, file), 'utf8').matchAll(/[^\n]*\(reality ([^)\n]+)\)/g);
      for (const [line, numbers = ''] of named)
        for (const number of numbers.split(', ')) {
          const row = table.find((one) => one.number === number);
          const fits = row !== undefined && 'tests' in row && row.tests.some(({ title }) => line.includes(title));
          assert.ok(fits, `${file}: ${line.trim()} names ${number}`);
        }
    }
  });

  it('is not taken as tested where the title is only a comment, or another one (control)', () => {
    assert.ok(!has('test/reality.test.ts', 'is not taken as tested'));
    assert.ok(!has('test/reality.test.ts', 'What really went wrong in one homelab'));
  });
});
