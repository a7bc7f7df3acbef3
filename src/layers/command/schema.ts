// What an estate says of programs whose output is kept.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { byteSizeProblem } from '../../values/byte-size.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { accountName, type DumpEntry, dumpFields } from '../common/dumps/entry.ts';
import { liesBelowMount, notBelowMount } from '../common/points/entry.ts';

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'is no name of a variable');
const word = z.string().regex(/^[^\0]*$/, 'holds a NUL');

const argv = z
  .tuple(
    [
      z
        .string()
        .regex(/^(\/[^\0]*[^\0/]|[^\0/\s-][^\0/\s]*)$/, 'is neither an absolute path nor the name of a program'),
    ],
    word,
  )
  .describe('the program and its arguments, each for itself; no shell reads them, unless the program is one');

const size = z.string().superRefine((text, context) => {
  const says = byteSizeProblem(text);
  if (says !== undefined) context.addIssue({ code: 'custom', message: says });
});

const command = z.strictObject({
  name: z
    .string()
    .regex(/^[^\0\n]{1,100}$/, 'is no name: 1 to 100 characters in one line')
    .describe('what its dump is called; unique in its layer'),
  command: argv,
  form: z
    .string()
    .regex(/^[a-z0-9]{1,12}$/, 'is no ending of a file: `tar`, `sql`')
    .default('out')
    .describe('what the dump is written as: the ending of its file'),
  packed: z.boolean().optional().describe('the program packs its output itself: `compress` does not apply to it'),
  as: accountName
    .optional()
    .describe('the account that it runs as on `machine`; default: whoever the machine is reached as'),
  environment: z.record(variable, word).optional().describe('variables for it; nothing secret: others can see them'),
  secrets: z
    .array(
      z.strictObject({ name: variable.describe('the variable that the program finds it in'), from: secretReference }),
    )
    .optional()
    .describe('secrets for it: handed over by standard input, then variables of this one program alone'),
  begins_with: word.min(1).optional().describe('what a whole output begins with'),
  ends_with: word
    .min(1)
    .optional()
    .describe('what a whole output ends with; blanks and line ends behind it do not count'),
  at_least: size.optional().describe('a whole output is not smaller than this; default: one byte'),
  allowed_exit_codes: z
    .array(z.int().min(0).max(123))
    .min(1)
    .default([0])
    .describe('what the program ends with when all is well'),
  count_lines: z.boolean().optional().describe('its lines count as rows: an output that has lost them is suspicious'),
  restore_command: argv
    .optional()
    .describe(
      'what takes the dump on its standard input, for a restore --to live; it runs as `as`, with the same variables',
    ),
});
export type Command = z.infer<typeof command>;

const unique = (commands: readonly Command[]): boolean =>
  new Set(commands.map(({ name }) => name)).size === commands.length;

export const commandEntry = layerEntry
  .extend({
    kind: z.literal('command'),
    commands: z
      .array(command)
      .min(1)
      .refine(unique, 'has one name twice')
      .describe('programs, each of which gives one dump'),
    ...dumpFields,
  })
  .refine(liesBelowMount, notBelowMount);
export type CommandEntry = z.infer<typeof commandEntry> & DumpEntry;
