// What programs bring to the layers of dumps: the output of each is one.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Ended } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords, must } from '../common/commands.ts';
import type { Dumps, Item, Taking } from '../common/dumps/dump.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import type { Command, CommandEntry } from './schema.ts';
import { started } from './started.ts';
import { passing } from './whole.ts';

export const itemOf = ({ name, form, packed }: Command): Item => ({
  ...{ name, form },
  ...(packed === true ? { packed } : {}),
});

export const commandDumps: Dumps<CommandEntry> = {
  kind: 'command',
  source: ({ name, machine }) => ({ commands: name, machine }),
  gone: ['machine-connection-lost', 'machine-unreachable'],
  look: async (entry, { world, signal }) => {
    const { stdout } = await must(world.machine(entry.machine), ['uname', '-sr'], { signal });
    return { server: { system: stdout.trim() }, items: entry.commands.map(itemOf), excluded: [], warnings: [] };
  },
  open: async (entry, context) => ({
    take: async ({ name }) => take(entry, commandNamed(entry, name), context),
    tools: async () => ({}),
  }),
  // A program's own leftovers are its own: nothing else is taken.
  release: async () => {},
};

export function commandNamed({ commands }: CommandEntry, name: string): Command {
  const found = commands.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no command ${name}`);
  return found;
}

async function take(entry: CommandEntry, command: Command, context: StepContext): Promise<Taking> {
  const { argv, options, handed, redact } = await started(
    command,
    command.command,
    { codes: command.allowed_exit_codes, input: 'none' },
    context,
  );
  const failed = (ended: Ended) => failure(command, command.command[0], ended, redact);
  const input = handed === '' ? {} : { input: handed };
  const output = wholly(context.world.machine(entry.machine), argv, { ...options, ...input }, failed);
  const { pieces, lines } = passing(command, output);
  return {
    dump: pieces,
    facts: async () => ({ counts: command.count_lines === true ? { rows: lines() } : {} }),
    close: async () => {},
  };
}

const failure = ({ name }: Command, program: string, ended: Ended, redact: (text: string) => string): Fault =>
  new Fault('dump-failed', {
    where: shown(name),
    says: redact(`${program}: ${lastWords(ended)}`),
    remedy: 'run it by hand on its machine to see more',
  });
