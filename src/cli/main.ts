// The door: reads the command line, runs one command, prints its one answer, and turns every end into an exit code.
import { CommanderError, Command as Program } from 'commander';
import pc from 'picocolors';
import { asFault, exitCodes, Fault } from '../fault.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Paint, plain } from '../values/paint.ts';
import { shown } from '../values/text.ts';
import { commands } from './all.ts';
import type { FaultAnswer } from './answers.ts';
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

type Typed = Readonly<{ options: Record<string, unknown>; arguments: readonly string[] }>;

/** The command line as commander reads it; `typed` is called with the one command that was typed. */
export function programOf(
  { version, output, errors }: Pick<Surroundings, 'version' | 'output' | 'errors'>,
  typed: (command: (typeof commands)[number], typed: Typed) => void,
): Program {
  const program = new Program('holdfast')
    .description('Backups as code for Proxmox: one estate file says what must survive.')
    .version(version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(text),
    });
  for (const [flags, says] of globals) program.option(flags, says);
  for (const listed of commands) {
    const command = program.command(listed.name).description(listed.says).exitOverride();
    if (listed.arguments !== undefined) command.arguments(listed.arguments);
    for (const { flags, says } of listed.options ?? []) command.option(flags, says);
    command.action(() => typed(listed, { options: { ...program.opts(), ...command.opts() }, arguments: command.args }));
  }
  return program;
}

export async function holdfast(surroundings: Surroundings): Promise<number> {
  // A reader that is gone (`| head`, a closed terminal) must not end a run half-way; what did not arrive, `printed` knows.
  for (const stream of [surroundings.output, surroundings.errors]) stream.on('error', () => {});
  let end: (() => Promise<number>) | undefined;
  const program = programOf(surroundings, (listed, typed) => {
    end = async () => perform(surroundings, typed.options, typed.arguments, await listed.load());
  });
  try {
    await program.parseAsync([...surroundings.arguments], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || surroundings.arguments[0] === 'help') return exitCodes.fine;
    // Commander has told people; a program reads one value in any case.
    if (surroundings.arguments.includes('--json')) await printed(surroundings, faultAsJson(notUnderstood(error)));
    return exitCodes.misused;
  }
  return end === undefined ? exitCodes.misused : end();
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const faultAsJson = (fault: Fault): string => asJson({ fault: fault.toJSON() } satisfies FaultAnswer);

const notUnderstood = ({ code, message }: CommanderError): Fault =>
  new Fault('misused', {
    where: 'the command line',
    says: code === 'commander.help' ? 'it names no command' : message.replace(/^error: /, ''),
    remedy: 'see `holdfast --help`',
    exit: 'misused',
  });

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
    const arrived = await printed(surroundings, given.json ? asJson(answer.value) : answer.text);
    return exitCodes[arrived ? answer.exit : 'failed'];
  } catch (error) {
    row.clear();
    const fault = asFault(error, 'holdfast');
    if (given.json) await printed(surroundings, faultAsJson(fault));
    surroundings.errors.write(faultAsText(fault, paint, given.verbose));
    return exitCodes[fault.exit];
  }
}

/** False where the answer was lost. A reader that left early has read what it wanted. */
async function printed({ output, errors }: Surroundings, text: string): Promise<boolean> {
  const error = await new Promise<Error | null | undefined>((resolve) => output.write(text, resolve));
  if (error === null || error === undefined || ('code' in error && error.code === 'EPIPE')) return true;
  errors.write(`the answer could not be written: ${error.message}\n`);
  return false;
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
