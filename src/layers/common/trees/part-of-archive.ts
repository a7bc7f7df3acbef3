// One part of the archive of a point, for tar: the folders that lead to it, all below it, and the other names of its files, since
// the archive has the content of a file beneath whichever name came first.
import { join } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Machine } from '../../../machines/machine.ts';
import { must } from '../commands.ts';
import type { Shape } from './laid-out.ts';
import { type Listed, pathOf } from './listed.ts';
import type { AtHand } from './parts.ts';
import { readListing } from './read-listing.ts';
import { lies, type Scope } from './scope.ts';
import { type Survey, survey } from './survey.ts';
import type { Restoring } from './target.ts';

/** tar looks through its names for every member it meets. */
const mostNames = 10_000;

export type PartOfPoint = Readonly<{
  /** at most, as unpacked */
  bytes: number;
  /** what keeps tar to it, once there is a work folder; nothing where all of the point is unpacked */
  arguments(): Promise<readonly string[]>;
  /** takes away what was unpacked besides */
  keep(): Promise<void>;
}>;

/** @returns undefined where all of the point is meant. @throws Fault `path-not-in-point` */
export async function partOfPoint(
  restoring: Restoring,
  point: AtHand,
  shape: Shape | undefined,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<PartOfPoint | undefined> {
  const { scope, machine, tree, work } = restoring;
  if (scope === undefined) return undefined;
  const listing = () => readListing(point, signal);
  const surveyed = await survey(scope, point.manifest.id, listing());
  const beside = shape === undefined ? await namesBeside(scope, surveyed, listing) : undefined;
  return {
    bytes: beside === undefined ? Number.POSITIVE_INFINITY : surveyed.counts.bytes,
    arguments: async () => (beside === undefined ? [] : await partArguments(machine, work, scope, beside)),
    keep: () => keepPart(machine, tree, scope, surveyed.above),
  };
}

/** Undefined where the names are too many to look for, and all of the point must be unpacked. */
async function namesBeside(
  scope: Scope,
  { above, linkedOutside }: Survey,
  listing: () => AsyncIterable<Listed>,
): Promise<readonly Buffer[] | undefined> {
  const names = above.map(pathOf);
  if (linkedOutside === 'many') return undefined;
  if (linkedOutside.size === 0) return names;
  for await (const entry of listing()) {
    if (!linkedOutside.has(entry.file) || entry.links < 2 || lies(scope, pathOf(entry)) !== 'outside') continue;
    names.push(pathOf(entry));
    if (names.length > mostNames) return undefined;
  }
  return names;
}

async function partArguments(
  machine: Machine,
  work: string,
  scope: Scope,
  beside: readonly Buffer[],
): Promise<readonly string[]> {
  const file = join(work, 'part-names');
  const sink = await machine.files.sink(file, 0o600);
  for (const name of beside) await sink.write(Buffer.concat([Buffer.from('./'), name, Buffer.of(0)]));
  await sink.close();
  return [
    ...['--no-unquote', '--no-wildcards', '--null', '--verbatim-files-from'],
    ...['--no-recursion', `--files-from=${file}`, '--recursion', `--add-file=./${scope.text}`],
  ];
}

/** Removes what was unpacked besides the part, and gives the folders above it their times again. */
async function keepPart(machine: Machine, tree: string, scope: Scope, above: readonly Listed[]): Promise<void> {
  const at = (path: Buffer): string => `./${path.toString()}`;
  const is = (path: Buffer): readonly string[] => ['-path', at(path).replace(/[*?[\]\\]/g, '\\$&')];
  const ways = scope.above.slice(1).flatMap((folder) => ['-o', ...is(folder)]);
  await must(machine, [
    ...(['env', `--chdir=${tree}`, 'LC_ALL=C', 'find', '.', '-mindepth', '1'] as const),
    ...['(', ...is(scope.path), '-prune', ...ways, ')', '-o'],
    ...['-prune', '-exec', 'rm', '--recursive', '--force', '--one-file-system', '--', '{}', '+'],
  ]);
  for (const folder of above.toReversed())
    await must(machine, [
      'touch',
      '--no-create',
      `--date=@${folder.modified}`,
      '--',
      join(tree, pathOf(folder).toString()),
    ]);
}
