// How the demo speaks: a sentence, the command as typed, what it really answered, and what has to be true of it.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

export const holdfast = join(resolve(import.meta.dirname, '..', '..'), 'bin', 'holdfast');

export type Told = Readonly<{
  /** the exit code that belongs to it, 0 without; any other ends the demo */
  exit?: number;
  /** only the lines that fit one of these are shown, and the number of the others is said; each has to fit a line */
  only?: readonly RegExp[];
  /** of the lines that fit one of these only the first is shown, where `only` is given */
  first?: readonly RegExp[];
}>;

export type Teller = Readonly<{
  chapter(title: string): void;
  /** says what comes and why one should care */
  say(sentence: string): void;
  /** types a command of Holdfast, shows what it answers, and gives that */
  type(args: readonly string[], told?: Told): string;
  /** shows text that lies in a file */
  show(text: string): void;
  /** the demo fails where it does not hold */
  demand(holds: boolean, promise: string): void;
}>;

/** @param folder where commands are typed; @param state where Holdfast keeps its journal meanwhile */
export function teller(folder: string, state: string): Teller {
  const colours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  const painted = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, green, dim] = [1, 32, 2].map((code) => (text: string) => painted(code, text)) as [Paint, Paint, Paint];
  const { HOLDFAST_ESTATE: _, ...env } = process.env;
  let chapters = 0;
  const shown = (text: string, told: Told = {}): void => {
    const { lines, left } = shortened(text.trimEnd(), told);
    console.log(lines.map((line) => `  ${line}`.trimEnd()).join('\n'));
    if (left > 0) console.log(dim(`  [shortened here: ${left} other lines are not shown]`));
  };
  return {
    show: (text) => shown(text),
    chapter: (title) => {
      chapters += 1;
      console.log(`\n\n${bold(`${chapters}. ${title}`)}`);
    },
    say: (sentence) => console.log(`\n${wrapped(sentence)}`),
    type: (args, told = {}) => {
      const { exit = 0 } = told;
      console.log(`${bold(`$ holdfast ${args.map(quoted).join(' ')}`)}`);
      const { status, stdout, stderr } = spawnSync(holdfast, ['--state', state, ...args], {
        ...{ encoding: 'utf8', cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] },
      });
      const answer = `${stderr}${stdout}`.replaceAll(`${folder}/`, '');
      if (status !== exit) {
        shown(answer);
        throw new Error(`that ended with ${status}, and should with ${exit}`);
      }
      shown(answer, told);
      return answer;
    },
    demand: (holds, promise) => {
      if (!holds) throw new Error(`not so: ${promise}`);
      console.log(`  ${green('✓')} ${promise}`);
    },
  };
}

type Paint = (text: string) => string;

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`);

/** Throws where a pattern fits no line: a demo that shows nothing would look like one that shows that nothing is there. */
export function shortened(
  text: string,
  { only, first = [] }: Told,
): Readonly<{ lines: readonly string[]; left: number }> {
  const lines = text.split('\n');
  if (only === undefined) return { lines, left: 0 };
  const missing = [...only, ...first].find((pattern) => !lines.some((line) => pattern.test(line)));
  if (missing !== undefined) throw new Error(`no line of the answer fits ${missing}:\n${text}`);
  const firsts = first.map((pattern) => lines.findIndex((line) => pattern.test(line)));
  const kept = lines.filter((line, at) => firsts.includes(at) || only.some((pattern) => pattern.test(line)));
  return { lines: kept, left: lines.filter((line) => line.trim() !== '').length - kept.length };
}

/** Lines of at most 110 characters. */
const wrapped = (text: string): string => text.replaceAll(/(.{1,110})(?:\s+|$)/g, '$1\n').trimEnd();
