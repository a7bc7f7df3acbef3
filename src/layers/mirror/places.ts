// Where everything lies at the target. All names in `renames` and on command lines are relative to the layer's folder, and as
// bytes: one character for each (latin1).
import { join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import type { RunId } from '../../model/run.ts';
import { layerFolder, partialFolder } from '../common/points/places.ts';
import type { MirrorEntry } from './schema.ts';

export const treeName = 'tree';
export const keptName = '.kept';
export const markName = '.mirror.json';
/** Lists of what runs would have displaced that were stopped, by their digests. */
export const stoppedName = '.stopped';
/** What an older state is put together in, for a restore. */
export const viewPrefix = '.view-';

/** What lies in the layer's folder beside its points. */
export const besidePoints: readonly string[] = [treeName, keptName, markName, stoppedName];

/** The parts of a point. */
export const partNames = {
  /** every rename of the run, in order: inode, from, to, each ended by NUL */
  renames: 'renames',
  /** folders whose owner, mode or times the run has changed */
  folders: 'folders',
  /** names that the journal has spoken of and that could not be brought: the next run looks again */
  owed: 'owed',
} as const;

/** In a point: those folders as they were before the run, with nothing in them. */
export const wasName = 'was';

export type MirrorPlace = Readonly<{
  entry: MirrorEntry;
  source: Machine;
  machine: Machine;
  /** of the layer, at the target */
  root: string;
  tree: string;
  run: RunId;
  /** relative to `root`: what the run works in */
  partial: string;
  work: string;
}>;

export function mirrorPlace(
  world: Readonly<{ machine(name: string): Machine }>,
  entry: MirrorEntry,
  run: RunId,
): MirrorPlace {
  const root = layerFolder(entry);
  const partial = partialFolder(root, run).slice(root.length + 1);
  return {
    ...{ entry, root, run, partial, work: `${partial}/work`, tree: join(root, treeName) },
    source: world.machine(entry.machine),
    machine: world.machine(entry.to_machine ?? entry.machine),
  };
}

/** Whose journal it is, and who reads it. */
export const journalOf = ({ source, entry }: Pick<MirrorPlace, 'source' | 'entry'>, signal: AbortSignal) => ({
  ...{ machine: source, journal: entry.from.journal, consumer: `mirror:${entry.name}`, signal },
});

export const within = (folder: string, path: Path): string => (path === '' ? folder : `${folder}/${path}`);
export const inTree = (path: Path): string => within(treeName, path);
export const keptFolder = (run: RunId): string => `${keptName}/${run}`;

export const parentOf = (path: Path): Path => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
export const isBelow = (path: Path, folder: Path): boolean => folder === '' || path.startsWith(`${folder}/`);
/** From the top down: `a`, `a/b`, without the path itself. */
export function* foldersAbove(path: Path): Generator<Path> {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
}

/** Paths as they are in a file or a pipe, each ended by NUL. */
export const asNames = (paths: Iterable<Path>): Buffer =>
  Buffer.from([...paths].map((path) => `${path}\0`).join(''), 'latin1');
export const namesIn = (bytes: Uint8Array): readonly Path[] =>
  Buffer.from(bytes).toString('latin1').split('\0').slice(0, -1);
/** For people. */
export const readable = (path: Path): string => Buffer.from(path, 'latin1').toString();
