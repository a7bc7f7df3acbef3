// The staged tree as parts of a point: its archive, its listing, and what SQLite said of each database.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { encryptedName, encryptFile } from '../common/points/encryption.ts';
import { followed, proveWritten, writtenPart } from '../common/points/part.ts';
import { fullOr, gathered } from '../common/records.ts';
import { createArgv } from '../common/trees/archive.ts';
import { listTree, namesIn } from '../common/trees/listing.ts';
import { partNames } from '../common/trees/parts.ts';
import type { Result } from './result.ts';

const databasesPart = 'databases.ndjson';

export type Writing = Readonly<{
  machine: Machine;
  tree: string;
  /** parts are written into it, in the clear where they stay so */
  work: string;
  /** the folder that becomes the point */
  partial: string;
  bytes: number;
  results: readonly Result[];
  encryptTo: readonly string[] | undefined;
}>;

export type Written = Readonly<{
  parts: readonly Part[];
  counts: Readonly<Record<string, number>>;
  attributes: boolean;
}>;

export async function writeTree(writing: Writing, context: StepContext): Promise<Written> {
  const { machine, tree, work, partial, encryptTo } = writing;
  const plain = encryptTo === undefined ? partial : join(work, 'parts');
  const sorting = join(work, 'sorting');
  for (const folder of [plain, sorting]) await machine.files.makeFolder(folder, 0o700);
  const counts = { files: 0, folders: 0, bytes: 0 };
  const damaged = (words: string) => incomplete(tree, words);
  const { signal, progress } = context;
  const { entries, attributes } = await listTree({ machine, tree, work: sorting, damaged, signal, progress });
  const lines = async function* () {
    for await (const entry of entries) {
      if (entry.type === 'folder') counts.folders += 1;
      else counts.files += 1;
      counts.bytes += entry.size;
      yield `${JSON.stringify(entry)}\n`;
    }
  };
  const listing = await writtenPart(machine, join(plain, partNames.listing), gathered(lines()));
  const archive = await writeArchive(writing, plain, sorting, context);
  const databases = await writtenPart(machine, join(plain, databasesPart), gathered(linesOf(writing.results)));
  const written = [archive, listing, databases];
  const parts = encryptTo === undefined ? written : await encrypted(writing, plain, written, encryptTo, context);
  for (const part of parts) await proveWritten(machine, join(partial, part.name), part, context);
  return { parts, counts: { ...counts, databases: writing.results.length }, attributes };
}

async function* linesOf(results: readonly Result[]): AsyncGenerator<string> {
  for (const result of results) yield `${JSON.stringify(result)}\n`;
}

async function writeArchive(
  { machine, tree, bytes }: Writing,
  folder: string,
  sorting: string,
  context: StepContext,
): Promise<Part> {
  const path = join(folder, partNames.contents);
  await (await machine.files.sink(path, 0o600)).close();
  const written = machine.run(createArgv(tree, namesIn(sorting).contents, path), { signal: context.signal });
  const part = await followed(machine, path, written, bytes, context);
  const ended = await written;
  if (ended.exitCode !== 0) throw fullOr(incomplete(tree, `tar: ${lastWords(ended)}`), lastWords(ended), folder);
  return part;
}

/** Read once more after they were encrypted: what is compared with the disk is what a restore will find. */
async function encrypted(
  { machine, partial }: Writing,
  plain: string,
  parts: readonly Part[],
  whom: readonly string[],
  context: StepContext,
): Promise<readonly Part[]> {
  const made: Part[] = [];
  for (const { name, bytes } of parts) {
    const to = join(partial, encryptedName(name));
    await encryptFile(machine, join(plain, name), to, whom, context.signal);
    made.push(await followed(machine, to, Promise.resolve(), bytes, context));
  }
  return made;
}

const incomplete = (tree: string, words: string): Fault =>
  new Fault('archive-incomplete', {
    where: shown(tree),
    says: `what was copied could not be archived: ${words}`,
    remedy: 'see the log of the run, and check the disk that restore points go to (dmesg, smartctl)',
  });
