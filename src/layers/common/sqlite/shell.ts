// The sqlite3 shell in a child with limits: a crafted database may eat the child, and nothing else (threat model, T9). What it is
// told comes on its standard input, and is ours alone; nothing that stands in a database becomes a command.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../../fault.ts';
import type { Argv, Machine } from '../../../machines/machine.ts';
import type { Duration } from '../../../values/duration.ts';
import { milliseconds, minutes } from '../../../values/duration.ts';
import { cut, shown } from '../../../values/text.ts';

/** Bytes of a name as SQLite reads a `file:` name: nothing in it means anything to anybody on the way. */
export const uriOf = (path: Uint8Array | string, options: string): string =>
  `file:${Buffer.from(path)
    .toString('latin1')
    .replace(/[^A-Za-z0-9_./-]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`)}?${options}`;

export type Limits = Readonly<{
  deadline: Duration;
  /** the child may not write more than about this much into one file */
  writes?: number;
}>;

/** A disk that gives five megabytes a second is slow; one that gives less hangs. */
export const deadlineFor = (bytes: number): Duration => milliseconds(minutes(5) + bytes / 5000);

const megabytes = 768;

/** `ulimit` as every POSIX shell has it: KiB of memory, seconds of processor time, blocks of 512 bytes in a file. */
const limited = `umask 077; ulimit -c 0; ulimit -v ${megabytes * 1024}; ulimit -t "$1"; [ -z "$2" ] || ulimit -f "$2"; shift 2; exec "$@"`;

export type Asked = Readonly<{
  machine: Machine;
  /** a `file:` name */
  database: string;
  /** `write`: for copies of our own only */
  access: 'read' | 'write';
  /** where it works; names in its commands are seen from here */
  folder: string;
  limits: Limits;
  signal: AbortSignal;
}>;

/** What sqlite3 said: lines of JSON as asked for, and in words what went wrong. */
export type Said = Readonly<{ lines: readonly unknown[]; problem: Problem | undefined }>;
export type Problem = Readonly<{ is: 'damaged' | 'no database' | 'locked' | 'overdue' | 'failed'; says: string }>;

/**
 * Each page is looked over before it is read (sqlite.org/security.html). An integrity check does that by itself, and would take a fifth
 * longer with it.
 */
export const careful = 'PRAGMA cell_size_check=ON;\n';

/** @param script where a command of the shell itself is to follow, `safely` lifts the safe mode for it alone */
export async function askSqlite(asked: Asked, script: (lift: string) => string): Promise<Said> {
  const { machine, database, access, folder, limits, signal } = asked;
  const nonce = randomBytes(16).toString('hex');
  const seconds = Math.ceil(limits.deadline / 1000);
  const blocks = limits.writes === undefined ? '' : String(Math.ceil((limits.writes * 1.25) / 512) + 32_768);
  const sqlite3 = ['sqlite3', '-safe', '-nonce', nonce, '-batch', '-init', '/dev/null'];
  const argv: Argv = [
    ...(['env', `--chdir=${folder}`, 'sh', '-c', limited, 'sh', String(seconds), blocks] as const),
    ...[...sqlite3, ...(access === 'read' ? ['-readonly'] : []), database],
  ];
  const input = `.timeout 10000\nPRAGMA trusted_schema=OFF;\n${script(`.nonce ${nonce}`)}`;
  const options = { signal, deadline: limits.deadline, input, env: { LC_ALL: 'C.UTF-8' } };
  const ended = await machine.run(argv, options).catch(overdue);
  if ('problem' in ended) return ended;
  const words = cut(shown(ended.stderr.trim().split('\n')[0] ?? ''), 400);
  const lines = ended.stdout.split('\n').flatMap(parsed);
  if (ended.signal !== undefined)
    return { lines, problem: { is: 'failed', says: `sqlite3 was ended by ${ended.signal}, at a limit or of itself` } };
  if (ended.exitCode === 0 && words === '') return { lines, problem: undefined };
  return { lines, problem: { is: problemIn(words), says: words === '' ? `exit code ${ended.exitCode}` : words } };
}

/** One database that does not answer is that database's trouble. */
function overdue(error: unknown): Said {
  if (!(error instanceof Fault) || error.code !== 'command-overdue') throw error;
  return { lines: [], problem: { is: 'overdue', says: error.says } };
}

/** Values of pragmas are shown among what was asked for: what is no JSON object of ours is none. */
function parsed(line: string): readonly unknown[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

function problemIn(words: string): Problem['is'] {
  if (/is malformed|\(11\)/.test(words)) return 'damaged';
  if (/not a database|\(26\)/.test(words)) return 'no database';
  return /is locked|is busy|\([56]\)/.test(words) ? 'locked' : 'failed';
}
