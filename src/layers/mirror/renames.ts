import type { RunId } from '../../model/run.ts';
import type { Bring, Decision } from './decide.ts';
import { inTree, keptFolder, within } from './places.ts';
import type { There } from './states.ts';

/** `file`: the inode of what is renamed, so that nothing else ever is */
export type Rename = Readonly<{ file: string; from: string; to: string }>;

/** `lot`: the folder of the work that it was brought into. `into` has what comes below a folder that is moved into one that comes. */
export type Arrived = Readonly<{ bring: Bring; state: There; lot: Lot }>;
export type Lot = 'new' | 'into';

const depth = (path: string): number => path.split('/').length;

/** @param arrived what was brought; what was to come and did not leaves what it would have replaced where it is */
export function renamesOf(
  { displaced, moved }: Decision,
  arrived: readonly Arrived[],
  work: string,
  run: RunId,
): readonly Rename[] {
  const replaced = arrived.flatMap(({ bring: { replaces } }) => (replaces === undefined ? [] : [replaces]));
  const out = [
    ...[...displaced, ...replaced].map(({ before, state }) => ({
      ...{ file: state.file, from: before, to: within(keptFolder(run), before) },
    })),
    ...moved.map(({ from, file }, index) => ({ file, from, to: `${work}/moved/${index}` })),
  ]
    .sort((one, other) => depth(other.from) - depth(one.from))
    .map(({ file, from, to }) => ({ file, from: inTree(from), to }));
  const into = [
    ...arrived.map(({ bring: { path }, state, lot }) => ({
      ...{ file: state.file, from: within(`${work}/${lot}`, path), to: path },
    })),
    ...moved.map(({ to, file }, index) => ({ file, from: `${work}/moved/${index}`, to })),
  ]
    .sort((one, other) => depth(one.to) - depth(other.to))
    .map(({ file, from, to }) => ({ file, from, to: inTree(to) }));
  return [...out, ...into];
}

export const asRecords = (renames: readonly Rename[]): Buffer =>
  Buffer.from(renames.map(({ file, from, to }) => `${file}\0${from}\0${to}\0`).join(''), 'latin1');

export function renamesIn(bytes: Uint8Array): readonly Rename[] {
  const fields = Buffer.from(bytes).toString('latin1').split('\0');
  const renames: Rename[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [file = '', from = '', to = ''] = fields.slice(at, at + 3);
    renames.push({ file, from, to });
  }
  return renames;
}
