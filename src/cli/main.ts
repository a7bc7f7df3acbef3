// The door: reads the command line, runs one command, prints its one answer, and turns every end into an exit code.
import { CommanderError, Command as Program } from 'commander';
import pc from 'picocolors';
import { asFault, exitCodes, type Fault } from '../fault.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Paint, plain } from '../values/paint.ts';
import { shown } from '../values/text.ts';
import { commands } from './all.ts';
import type { Answer, Given, Invocation } from './command.ts';

const globals = [
  ['--estate <path>', 'the estate: a file or a folder (./estate.yaml, or $HOLDFAST_ESTATE)'],
  ['--config <path>', 'the same as --estate'],
  ['--state <folder>', 'where Holdfast keeps its journal'],
  ['--guard <file>', 'the guard file (/etc/holdfast/guard.yaml)'],
  ['--json', 'print one JSON value'],
  ['--no-color', 'no colour, also on a terminal'],
  ['-v, --verbose', 'say more'],
] as const;

export async function holdfast(surroundings: Surroundings): Promise<number> {
  let end: (() => Promise<number>) | undefined;
  const program = new Program('holdfast')
    .description('Backups as code for Proxmox: one estate file says what must survive.')
    .version(surroundings.version, '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void surroundings.output.write(text),
      writeErr: (text) => void surroundings.errors.write(text),
    });
  for (const [flags, says] of globals) program.option(flags, says);
  for (const listed of commands) {
    const command = program.command(listed.name).description(listed.says).exitOverride();
    if (listed.arguments !== undefined) command.arguments(listed.arguments);
    for (const { flags, says } of listed.options ?? []) command.option(flags, says);
    command.action(() => {
      const options = { ...program.opts(), ...command.opts() };
      end = async () => perform(surroundings, options, command.args, await listed.load());
    });
  }
  try {
    await program.parseAsync([...surroundings.arguments], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.misused;
  }
  return end === undefined ? exitCodes.misused : end();
}

async function perform(
  surroundings: Surroundings,
  options: Record<string, unknown>,
  args: readonly string[],
  command: { run(invocation: Invocation): Promise<Answer> },
): Promise<number> {
  const given = givenIn(options, surroundings);
  const paint = options['color'] === false || !surroundings.terminal.output ? plain : coloured;
  const row = rowOn(surroundings, given);
  const invocation: Invocation = {
    ...{ surroundings, given, arguments: args, options, paint, show: row.show },
    say: (line) => {
      row.clear();
      if (!given.json) surroundings.errors.write(`${line}\n`);
    },
  };
  try {
    const answer = await command.run(invocation);
    row.clear();
    surroundings.output.write(given.json ? `${JSON.stringify(answer.value, null, 2)}\n` : answer.text);
    return exitCodes[answer.exit];
  } catch (error) {
    row.clear();
    const fault = asFault(error, 'holdfast');
    if (given.json) surroundings.output.write(`${JSON.stringify({ fault }, null, 2)}\n`);
    surroundings.errors.write(faultAsText(fault, paint, given.verbose));
    return exitCodes[fault.exit];
  }
}

/** Several lines of `says` (all problems of an estate at once) stand as they are. */
export function faultAsText(fault: Fault, paint: Paint, verbose: boolean): string {
  const says = fault.says.split('\n').map(shown).join('\n  ');
  const stack = verbose && fault.code === 'unexpected' && fault.cause instanceof Error ? `\n${fault.cause.stack}` : '';
  return `${paint.bad(`${fault.where}: ${fault.code}`)}\n  ${says}\n  do this: ${shown(fault.remedy)}\n${stack}`;
}

function givenIn(options: Record<string, unknown>, { env }: Surroundings): Given {
  const text = (key: string): string | undefined => (typeof options[key] === 'string' ? options[key] : undefined);
  return {
    estate: text('estate') ?? text('config') ?? env['HOLDFAST_ESTATE'],
    state: text('state'),
    guard: text('guard'),
    json: options['json'] === true,
    verbose: options['verbose'] === true,
  };
}

const coloured: Paint = {
  good: pc.createColors(true).green,
  warning: pc.createColors(true).yellow,
  bad: pc.createColors(true).red,
  dim: pc.createColors(true).dim,
  strong: pc.createColors(true).bold,
};

/** One row that is written over; only where a person is looking. */
function rowOn({ errors, terminal }: Surroundings, given: Given): { show(row: string): void; clear(): void } {
  const visible = terminal.output && !given.json;
  let there = false;
  return {
    show: (row) => {
      if (!visible) return;
      there = true;
      errors.write(`\r\u001b[2K${shown(row).slice(0, terminal.columns - 1)}`);
    },
    clear: () => {
      if (there) errors.write('\r\u001b[2K');
      there = false;
    },
  };
}
