// Everything but the database, from the data folder into the tree: by two tars, of which neither follows a link that takes a file's
// place (openat, O_NOFOLLOW), with the attributes of the data folder itself. What one of them could not do is never passed over.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import { alive } from '../common/alive.ts';
import { lastWords } from '../common/commands.ts';
import { fullOr } from '../common/records.ts';
import { deadlineFor } from '../common/sqlite/shell.ts';
import { extractArgv, keepMetadata } from '../common/trees/archive.ts';
import { ended } from './data-folder.ts';
import { notRead } from './faults.ts';
import type { Staging } from './staging.ts';

/** $0 is the data folder, $1 a file for the first one's exit code; what follows unpacks. A pipe tells of its last command only. */
const script = `
code=$1; shift
{ tar --create --file=- --blocking-factor=128 --format=posix ${keepMetadata} --sparse --directory="$0" \\
  --no-recursion --add-file=./ --recursion --null --verbatim-files-from --files-from=-; echo $? >"$code"; } | "$@" || exit 90
read -r first <"$code"; exit "$first"`;

/** In words what tar could not read, mostly since it changed or went while it was read: then it is worth another try. */
export async function copyFiles(
  { machine, tree, sorting }: Staging,
  data: string,
  names: readonly Uint8Array[],
  bytes: number,
  context: StepContext,
): Promise<string | undefined> {
  const { signal } = context;
  const argv = ['sh', '-c', script, data, join(sorting, 'exit-code'), ...extractArgv(tree)] as const;
  const options = { input: ended(names), signal, deadline: deadlineFor(bytes), env: { LC_ALL: 'C' } };
  const what = 'copying attachments, sends, keys and settings';
  const end = await alive(machine.run(argv, options), { done: 0, total: 1, unit: 'items', what }, context);
  if (end.exitCode === 0) return undefined;
  if (end.exitCode === 1 && (await areFolders(machine, data, changedIn(end.stderr)))) return undefined;
  const words = lastWords(end);
  if (end.exitCode === 90) throw fullOr(notRead(data, `its copy could not be written: ${words}`), words, tree);
  return words;
}

/** Names, as tar writes them; undefined where it said anything else, too. */
function changedIn(stderr: string): readonly string[] | undefined {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const names = lines.flatMap((line) => /^tar: ([^\\]+): file changed as we read it$/.exec(line)?.[1] ?? []);
  return names.length === 0 || names.length < lines.length ? undefined : names;
}

/**
 * A folder has changed where somebody uploads: each file that was there before has been read, and each row that was copied before
 * is compared with them. Of a file it means that nobody knows what was read.
 */
async function areFolders(machine: Machine, data: string, names: readonly string[] | undefined): Promise<boolean> {
  for (const name of names ?? []) if ((await machine.files.info(join(data, name)))?.type !== 'folder') return false;
  return names !== undefined;
}
