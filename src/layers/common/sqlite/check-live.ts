// Asks databases where they are, on any machine with a POSIX shell and sqlite3 (a pod, a container), whether they are sound.
// Nothing is written beside them. A false alarm of a moment is asked again; an answer that never came is no good news.
import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { cut, shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { integrityScript } from './check.ts';
import { uriOf } from './shell.ts';

export type Answer = Readonly<{ database: string; ok: boolean; says: string }>;
/** With what else was asked. */
export type Asked = Answer & Readonly<{ answers: readonly unknown[] }>;

/** With an empty IFS nothing is taken apart; a pattern without a match stays as it is, and is then said not to be there. */
const named = `IFS=; for file in $1; do printf '%s\\0' "$file"; done`;

/**
 * $1 is the file, $2 its `file:` name, $3 a folder that may be made. A write-ahead log without an index would have a reader make one
 * beside the database; so it is replayed in a copy. One that is closed is read as it lies there.
 */
const check = `
[ -f "$1" ] || { echo 'no such file' >&2; exit 100; }
command -v sqlite3 >/dev/null || { echo 'sqlite3 is missing there' >&2; exit 101; }
[ "$(dd if="$1" bs=16 count=1 2>/dev/null | tr -d '\\000')" = 'SQLite format 3' ] || { echo 'it is no database (any more): its header is gone' >&2; exit 102; }
mode=$(dd if="$1" bs=1 skip=18 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
ask() { ulimit -c 0; ulimit -v 786432; exec sqlite3 -safe -batch -init /dev/null "$@"; }
if [ "$mode" = 2 ] && [ -e "$1-wal" ] && [ -e "$1-shm" ]; then ask -readonly "$2?mode=ro"
elif [ -s "$1-wal" ] || { [ "$mode" != 2 ] && [ -s "$1-journal" ] && [ "$4" = again ]; }; then
  umask 077; mkdir -p "$3" && cp "$1" "$3/copy" || exit 103
  for side in wal journal; do rm -f "$3/copy-$side"; [ ! -e "$1-$side" ] || cp "$1-$side" "$3/copy-$side" || exit 103; done
  ask "$3/copy"
elif [ "$mode" = 2 ]; then ask -readonly "$2?mode=ro&immutable=1"
else ask -readonly "$2?mode=ro"; fi`;

export type Checking = Readonly<{ machine: Machine; work: string; signal: AbortSignal; doing(what: string): void }>;

/** @param patterns absolute names, or patterns of them; one that matches nothing has a row, too */
export async function checkLive(checking: Checking, patterns: readonly string[]): Promise<readonly Answer[]> {
  const answers = new Map<string, Asked>();
  for (const pattern of patterns)
    for (const file of await matching(checking, pattern)) {
      if (answers.has(file)) continue;
      answers.set(file, await checkFile(checking, file));
    }
  return [...answers.values()].map(({ database, ok, says }) => ({ database, ok, says }));
}

/**
 * One database by its own name, whatever is in it.
 *
 * @param more SQL that is asked with it, each answer of which is a JSON object
 */
export async function checkFile(checking: Checking, file: string, more = ''): Promise<Asked> {
  checking.doing(`checking ${shown(file)}`);
  const first = await checkOne(checking, file, 'first', more);
  return first.ok ? first : checkOne(checking, file, 'again', more);
}

async function matching({ machine, signal }: Checking, pattern: string): Promise<readonly string[]> {
  const ended = await asked(machine, ['sh', '-c', named, 'sh', pattern], { signal });
  const files = 'says' in ended || ended.exitCode !== 0 ? [] : ended.stdout.split('\0').filter((file) => file !== '');
  return files.length === 0 ? [pattern] : files;
}

async function checkOne(
  { machine, work, signal }: Checking,
  file: string,
  turn: 'first' | 'again',
  more: string,
): Promise<Asked> {
  const uri = uriOf(file, '').slice(0, -1);
  const input = `.timeout 10000\nPRAGMA trusted_schema=OFF;\n${integrityScript}${more}`;
  const ended = await asked(machine, ['sh', '-c', check, 'sh', file, uri, work, turn], { signal, input });
  const database = shown(file);
  if ('says' in ended) return { database, ok: false, says: ended.says, answers: [] };
  const answers = ended.stdout.split('\n').flatMap(objectIn);
  const says = answers.flatMap(integrityIn);
  if (says.length === 1 && says[0] === 'ok') return { database, ok: true, says: 'ok', answers };
  return { database, ok: false, answers, says: says.length > 0 ? cut(shown(says.join('; ')), 400) : lastWords(ended) };
}

const integrity = z.strictObject({ integrity: z.string() });

const integrityIn = (answer: unknown): readonly string[] => {
  const parsed = integrity.safeParse(answer);
  return parsed.success ? [parsed.data.integrity] : [];
};

function objectIn(line: string): readonly unknown[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

type Options = Readonly<{ signal: AbortSignal; input?: string }>;

/** A machine that cannot be asked is an answer about its databases: not known to be sound. A stop by the operator is none. */
async function asked(machine: Machine, argv: Argv, options: Options): Promise<Ended | Readonly<{ says: string }>> {
  try {
    return await machine.run(argv, { ...options, deadline: minutes(30) });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { says: cut(`${error.says} (${error.code})`, 400) };
  }
}
