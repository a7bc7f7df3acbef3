// The programs of a machine: those of MariaDB and of MySQL have the same names at times, and other options. So each says itself what it
// knows, and is told nothing else.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { lastWords } from '../common/commands.ts';

export type Tool = Readonly<{ path: string; knows: ReadonlySet<string> }>;

const names = { client: ['mariadb', 'mysql'], dumper: ['mariadb-dump', 'mysqldump'] } as const;

/** The first of them that is there, and what it says of itself. */
const script =
  'for each in "$@"; do if command -v "$each" >/dev/null 2>&1; then printf "%s\\n" "$each"; exec "$each" --help; fi; done; exit 3';

const option = /(?:^|\s)--([a-z][a-z0-9-]*)/gm;

export const knownIn = (help: string): ReadonlySet<string> =>
  new Set([...help.matchAll(option)].map(([, name = '']) => name));

/** @throws Fault `database-tools-missing` */
export async function toolFor(
  machine: Machine,
  what: keyof typeof names,
  programs: string | undefined,
  signal: AbortSignal,
): Promise<Tool> {
  const meant = names[what].map((name) => (programs === undefined ? name : join(programs, name)));
  const ended = await machine.run(['sh', '-c', script, 'sh', ...meant], { signal, env: { LC_ALL: 'C.UTF-8' } });
  const [path = '', ...help] = ended.stdout.split('\n');
  if (ended.exitCode === 0 && meant.includes(path)) return { path, knows: knownIn(help.join('\n')) };
  throw new Fault('database-tools-missing', {
    where: machine.name,
    says: `neither ${meant.join(' nor ')} can be used there: ${lastWords({ ...ended, stdout: '' })}`,
    remedy: 'install the client of the server there (mariadb-client, mysql-client), or give its folder as `programs`',
  });
}

/** Those of the options that the tool knows. `--skip-x` stands for an `x`. */
export const known = ({ knows }: Tool, options: readonly string[]): readonly string[] =>
  options.filter((one) => knows.has(one.replace(/^--(skip-)?/, '').replace(/=.*$/s, '')));
