// docs/reference/commands.md, from what commander itself was told and from the table of exit codes.
import type { Command, Option } from 'commander';
import { programOf } from '../../src/cli/main.ts';
import { type Exit, exitCodes } from '../../src/fault.ts';

const exits: Readonly<Record<Exit, string>> = {
  fine: 'fine',
  failed: 'failed, or refused',
  changes: 'with `--detailed-exitcode`: something would change, or something is wrong',
  partly: 'partly done: some of it failed, was refused, or could not be read',
  misused: 'wrong usage, or consent is missing; nothing was done',
  invalid: 'the estate, the guard file or the plan file is refused; nothing was done',
  locked: 'the same is being done already: try later',
  interrupted: 'interrupted, or not agreed to; what was taken is given back',
};

/** The program as the command line has it, for reading only. */
export const program = (): Command =>
  programOf({ version: '', output: process.stdout, errors: process.stderr }, () => {});

const cell = (text: string): string => text.replaceAll('|', '\\|');
const optionRows = (options: readonly Option[]): readonly string[] =>
  options.length === 0
    ? []
    : [
        '',
        '| option | means |',
        '| --- | --- |',
        ...options.map(({ flags, description }) => `| \`${cell(flags)}\` | ${cell(description)} |`),
      ];

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const commandPart = (command: Command): readonly string[] => [
  `## \`${command.name()}\``,
  '',
  `${capital(command.description())}.`,
  '',
  '```',
  `holdfast ${command.name()} ${command.usage()}`.trimEnd(),
  '```',
  ...optionRows(command.options),
  '',
  `With \`--json\`: [${command.name()}.schema.json](json/${command.name()}.schema.json).`,
  '',
];

export function commandsPage(whole: Command): string {
  const lines = [
    '# Commands',
    '',
    'Made from the command line itself by `npm run docs`.',
    '',
    '```',
    'holdfast [options] COMMAND',
    '```',
    '',
    'The options of this table stand before or after COMMAND. The answer of a command goes to the output, once: as text, or with',
    '`--json` as [one value](json/README.md). Progress, questions and faults go to the errors. Each fault has a code and says what',
    'to do; all of them are in [faults](faults.md).',
    ...optionRows(whole.options),
    '',
    ...whole.commands.flatMap(commandPart),
    '## Exit codes',
    '',
    '| code | means |',
    '| --- | --- |',
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${exits[name as Exit]} |`),
  ];
  return `${lines.join('\n')}\n`;
}
