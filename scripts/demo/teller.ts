// How the demo speaks: a sentence, the command as typed, what it really answered, and what has to be true of it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
  /** the same, with Ctrl-C as soon as it has printed such a line */
  typeAndStop(args: readonly string[], told: Told & Readonly<{ at: RegExp }>): Promise<string>;
  /** a command that goes on until it is ended, once it has printed such a line */
  typeAndKeep(args: readonly string[], until: RegExp): Promise<() => Promise<void>>;
  /** runs a program that is none of Holdfast's, in the folder, and gives what it prints */
  shell(argv: readonly [string, ...string[]], told?: Told): string;
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
  const shown = (text: string, told: Told = {}, as: (line: string) => string = String): void => {
    const { lines, left } = shortened(text.trimEnd(), told);
    if (lines.length > 0) console.log(lines.map((line) => as(`  ${line}`.trimEnd())).join('\n'));
    const others = left === 1 ? '1 other line is' : `${left} other lines are`;
    if (left > 0) console.log(dim(`  [shortened here: ${others} not shown]`));
  };
  /** A row that the answer takes the place of; nothing of it is in a file. */
  const waiting = (what: string): void => {
    if (process.stdout.isTTY === true) process.stdout.write(what === '' ? '\r\u001b[K' : dim(`  ${what} ...`));
  };
  const prompt = (first: string, args: readonly string[]): void =>
    console.log(bold(`${first} ${args.map(quoted).join(' ')}`));
  const ended = (status: number | null, says: string, { exit = 0, ...told }: Told): string => {
    const answer = says.replaceAll(`${folder}/`, '');
    if (status === exit) {
      shown(answer, told, folded);
      return answer;
    }
    shown(answer, {}, folded);
    throw new Error(`that ended with ${status}, and should with ${exit}`);
  };
  return {
    show: (text) => shown(text),
    chapter: (title) => {
      chapters += 1;
      console.log(`\n\n${bold(`${chapters}. ${title}`)}`);
    },
    say: (sentence) => console.log(`\n${wrapped(sentence)}`),
    type: (args, told = {}) => {
      prompt('$ holdfast', args);
      waiting('working');
      const { status, stdout, stderr } = spawnSync(holdfast, ['--state', state, ...args], {
        ...{ encoding: 'utf8', cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] },
      });
      waiting('');
      return ended(status, `${stderr}${stdout}`, told);
    },
    typeAndStop: async (args, { at, ...told }) => {
      prompt('$ holdfast', args);
      waiting('working');
      const child = spawn(holdfast, ['--state', state, ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [errors, output]: [string[], string[]] = [[], []];
      let stopped = false;
      child.stderr.on('data', (piece) => {
        errors.push(String(piece));
        const lines = errors.join('').split('\n');
        if (!stopped && lines.some((line) => at.test(line))) stopped = child.kill('SIGINT');
      });
      child.stdout.on('data', (piece) => void output.push(String(piece)));
      const [status] = (await once(child, 'close')) as [number | null];
      waiting('');
      return ended(status, `${errors.join('')}${output.join('')}`, told);
    },
    typeAndKeep: async (args, until) => {
      prompt('$ holdfast', [...args, '&']);
      const child = spawn(holdfast, ['--state', state, ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const gone = once(child, 'close');
      let said = '';
      await new Promise<void>((resolve, reject) => {
        child.once('close', () => reject(new Error(`it ended: ${said}`)));
        child.stderr.on('data', (piece) => {
          said += String(piece);
          if (until.test(said)) resolve();
        });
      });
      shown(said.replaceAll(`${folder}/`, ''), {}, folded);
      return async () => {
        child.kill('SIGTERM');
        await gone;
      };
    },
    shell: ([program, ...args], told = {}) => {
      prompt(`# ${program}`, args);
      const { status, stdout, stderr } = spawnSync(join(folder, program), args, { encoding: 'utf8', cwd: folder, env });
      // debugfs tells its version each time.
      return ended(status, `${stderr.replace(/^debugfs \d.*\n/, '')}${stdout}`, told);
    },
    demand: (holds, promise) => {
      if (!holds) throw new Error(`not so: ${promise}`);
      console.log(`  ${green('✓')} ${promise}`);
    },
  };
}

type Paint = (text: string) => string;

const quoted = (text: string): string => (/^(&|[\w@%+=:,./-]+)$/.test(text) ? text : `'${text}'`);

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

const widest = 100;

const wrapped = (text: string, width = widest): string =>
  text.replaceAll(new RegExp(`(.{1,${width}})(?:\\s+|$)`, 'g'), '$1\n').trimEnd();

/** A long line of an answer goes on below, further in; the rows of a table stay whole. */
export function folded(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  if (line.length <= widest || /^[┌│├└]/.test(line.trim())) return line;
  const [first = '', ...others] = wrapped(line.trim(), widest - indent.length - 4).split('\n');
  return [`${indent}${first}`, ...others.map((one) => `${indent}    ${one}`)].join('\n');
}
