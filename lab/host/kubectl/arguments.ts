// A command line as kubectl takes it apart (spf13/pflag): long and short flags, with and without `=`, mixed with operands;
// nothing after `--` is a flag. What kubectl does not know fails in its words; what only this one does not know says so.
import { Refused } from './refused.ts';

/** `value` takes one, `switch` may stand alone, `unplayed` is a flag of kubectl's that this one does not act out. */
export type FlagKind = 'value' | 'switch' | 'unplayed';
export type Flags = Readonly<Record<string, FlagKind>>;
export type CommandLine = Readonly<{
  operands: readonly string[];
  /** what stood after `--`; undefined where there was none */
  after: readonly string[] | undefined;
  values: ReadonlyMap<string, string>;
}>;

const shorts: Readonly<Record<string, string>> = {
  A: 'all-namespaces',
  c: 'container',
  i: 'stdin',
  l: 'selector',
  n: 'namespace',
  o: 'output',
  q: 'quiet',
  t: 'tty',
};

export const everywhere: Flags = {
  context: 'value',
  kubeconfig: 'value',
  namespace: 'value',
  'request-timeout': 'value',
  as: 'unplayed',
  'as-group': 'unplayed',
  'cache-dir': 'unplayed',
  'certificate-authority': 'unplayed',
  cluster: 'unplayed',
  'insecure-skip-tls-verify': 'unplayed',
  server: 'unplayed',
  token: 'unplayed',
  user: 'unplayed',
  v: 'unplayed',
};

export function commandLine(command: string, argv: readonly string[], own: Flags): CommandLine {
  const flags = { ...everywhere, ...own };
  const values = new Map<string, string>();
  const operands: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return { operands, after: rest, values };
    if (!word.startsWith('-') || word === '-') operands.push(word);
    else if (word.startsWith('--')) takeLong(command, word, flags, rest, values);
    else takeShorts(command, word, flags, rest, values);
  }
  return { operands, after: undefined, values };
}

const usage = (command: string): string => `See 'kubectl ${command} --help' for usage.`;

function known(command: string, name: string, flags: Flags, says: string): FlagKind {
  const kind = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (kind === undefined) throw new Refused(`${says}\n${usage(command)}`);
  if (kind === 'unplayed') throw new Refused(`this fake kubectl does not act out --${name}`, 64);
  return kind;
}

type Values = Map<string, string>;

function takeLong(command: string, word: string, flags: Flags, rest: string[], values: Values): void {
  const [, name = '', given] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const kind = known(command, name, flags, `error: unknown flag: --${name}`);
  const value = given ?? (kind === 'switch' ? 'true' : rest.shift());
  if (value === undefined) throw new Refused(`error: flag needs an argument: --${name}\n${usage(command)}`);
  keep(command, kind, name, value, values);
}

function takeShorts(command: string, word: string, flags: Flags, rest: string[], values: Values): void {
  let letters = word.slice(1);
  while (letters !== '') {
    const letter = letters.slice(0, 1);
    const says = `error: unknown shorthand flag: '${letter}' in ${word}`;
    const name = Object.hasOwn(shorts, letter) ? (shorts[letter] ?? '') : '';
    const kind = known(command, name, flags, says);
    letters = letters.slice(1);
    if (kind === 'switch' && !letters.startsWith('=')) {
      keep(command, kind, name, 'true', values);
      continue;
    }
    const value = letters === '' ? rest.shift() : letters.replace(/^=/, '');
    if (value === undefined)
      throw new Refused(`error: flag needs an argument: '${letter}' in ${word}\n${usage(command)}`);
    keep(command, kind, name, value, values);
    return;
  }
}

function keep(command: string, kind: FlagKind, name: string, value: string, values: Values): void {
  if (kind === 'switch' && !/^(true|false|1|0|t|f)$/i.test(value)) {
    const parsing = `strconv.ParseBool: parsing "${value}": invalid syntax`;
    throw new Refused(`error: invalid argument "${value}" for "--${name}" flag: ${parsing}\n${usage(command)}`);
  }
  values.set(name, value);
}

export const isOn = (line: CommandLine, name: string): boolean => /^(true|1|t)$/i.test(line.values.get(name) ?? '');

/** The number of a flag that takes one. */
export function numberOf(command: string, line: CommandLine, name: string): number | undefined {
  const value = line.values.get(name);
  if (value === undefined) return undefined;
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  const parsing = `strconv.ParseInt: parsing "${value}": invalid syntax`;
  throw new Refused(`error: invalid argument "${value}" for "--${name}" flag: ${parsing}\n${usage(command)}`);
}
