// `log`: what one run did, step by step, as the journal has it, and what its tools said.
import { join } from 'node:path';
import { runFolder, stateFolder } from '../apply/state.ts';
import { readToolOutput, type ToolOutput } from '../apply/tool-output.ts';
import type { ReadJournal } from '../contracts/journal.ts';
import { Fault } from '../fault.ts';
import type { Holdfast } from '../holdfast.ts';
import type { Entry, Run } from '../model/run.ts';
import { shown } from '../values/text.ts';
import type { LogAnswer } from './answers.ts';
import type { Command, Invocation } from './command.ts';
import { open } from './open.ts';
import { entryAsText } from './run-telling.ts';

export const log: Command<LogAnswer> = {
  name: 'log',
  says: 'what one run did, step by step',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    const run = theRun(holdfast, estate.name, invocation.arguments[0]);
    const entries = holdfast.look(estate.name, (journal) => journal.entries(run.id)) ?? [];
    const charge = holdfast.look(estate.name, (journal) => journal.charge(run.id));
    const file = join(runFolder(stateFolder(holdfast.root, estate.name), run.id), 'log');
    const output = readToolOutput(file);
    const lines = [
      `Run ${run.id}, ${run.job}, ${run.state}; started ${run.startedAt} by \`${run.startedBy}\`; plan ${run.plan.slice(0, 12)}`,
      ...(run.summary === undefined ? [] : [run.summary]),
      '',
      ...entries.map((entry) => lineOf(entry, invocation)),
      '',
      ...outputLines(file, output),
    ];
    return { exit: 'fine', value: { run, plan: charge?.plan, entries, output }, text: `${lines.join('\n')}\n` };
  },
};

function outputLines(file: string, output: ToolOutput | undefined): readonly string[] {
  if (output === undefined) return [`Its tools said nothing that is still there (${file})`];
  const { lines, cut } = output;
  // Tools print what others have named: files, guests, databases.
  return [`Output of its tools${cut ? `, the end of it` : ''}: ${file}`, ...lines.map((line) => `  ${shown(line)}`)];
}

/** The newest run where none is named; a beginning of its id will do where only one has it. */
export function theRun(holdfast: Holdfast, estate: string, wanted: string | undefined): Run {
  const found = holdfast.look(estate, (journal) => runsLike(journal, wanted)) ?? [];
  const [run] = found;
  if (run !== undefined && found.length === 1) return run;
  throw new Fault('run-unknown', {
    where: wanted ?? 'journal',
    says: found.length > 1 ? `${found.length} runs begin so` : 'there is no such run',
    remedy: 'see `holdfast runs`',
    exit: 'misused',
  });
}

function runsLike(journal: ReadJournal, wanted: string | undefined): readonly Run[] {
  if (wanted === undefined) return journal.runs(1);
  const exact = journal.run(wanted);
  return exact === undefined ? journal.runs(-1).filter(({ id }) => id.startsWith(wanted)) : [exact];
}

function lineOf(entry: Entry, invocation: Invocation): string {
  const text = entryAsText(entry, entry.path, invocation.paint);
  return `${entry.at}${text ?? `    ${entry.path}: ${entry.event}${entry.event === 'took' ? ` ${entry.what} ${entry.name}` : ''}`}`;
}
