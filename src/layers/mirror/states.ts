// What is at each of many names of a tree, asked for by one command however many they are.
import type { Machine } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import { commandFailed } from '../common/commands.ts';
import type { Amount } from '../common/judgement/amount.ts';
import { split } from '../common/records.ts';
import { asNames } from './places.ts';
import { stateScript } from './state-script.ts';

const types = { f: 'file', d: 'folder', l: 'link', p: 'fifo', s: 'socket', b: 'block', c: 'character' } as const;

export type There = Readonly<{
  type: (typeof types)[keyof typeof types];
  mode: string;
  uid: number;
  gid: number;
  size: number;
  /** seconds with six digits behind the point */
  modified: string;
  links: number;
  /** its inode */
  file: string;
  /** of a folder, where it was asked to be counted through: what is in it at any depth, folders aside */
  files: number;
  bytes: number;
  /** what a copy of it takes: of large files that are mostly holes, what lies between them */
  room: number;
}>;
/** Of a file: how many names it has, and its inode. */
export type Linked = Pick<There, 'links' | 'file'>;
/** The highest name above it, or itself, at which there is nothing, or no folder. */
export type NotThere = Readonly<{ type: 'none'; missing: Path }>;
export type State = There | NotThere;
export type States = ReadonlyMap<Path, State>;

export const isThere = (state: State | undefined): state is There => state !== undefined && state.type !== 'none';
export const isFolder = (state: State | undefined): state is There => state?.type === 'folder';

export async function statesOf(
  machine: Machine,
  folder: string,
  paths: Iterable<Path>,
  signal: AbortSignal,
  counted?: 'counted',
): Promise<States> {
  const states = new Map<Path, State>();
  const input = asNames([...new Set(paths)].sort());
  if (input.length === 0) return states;
  const argv = ['perl', '-e', stateScript, folder, ...(counted === undefined ? [] : ['count'])] as const;
  const { stdout, ended } = machine.stream(argv as readonly [string, ...string[]], { signal, input });
  let path: Path | undefined;
  for await (const record of split(stdout, 0)) {
    const text = record.toString('latin1');
    if (path === undefined) {
      path = text;
      continue;
    }
    states.set(path, stateOf(path, text));
    path = undefined;
  }
  const end = await ended;
  if (end.exitCode !== 0) throw commandFailed(machine, ['perl', folder], end);
  return states;
}

/** Every file in those that are folders, however deep; `names`: everything, and only its name means something. */
export async function* filesBelow(
  machine: Machine,
  folder: string,
  paths: readonly Path[],
  signal: AbortSignal,
  which: 'list' | 'names' = 'list',
): AsyncGenerator<Readonly<{ path: Path; size: number; taken: number }> & Linked> {
  if (paths.length === 0) return;
  const argv = ['perl', '-e', stateScript, folder, which] as const;
  const { stdout, ended } = machine.stream(argv, { signal, input: asNames(paths) });
  let path: Path | undefined;
  for await (const record of split(stdout, 0)) {
    const text = record.toString('latin1');
    const [size, taken, links, file = ''] = text.split(' ');
    if (path !== undefined)
      yield { path, size: Number(size ?? 0), taken: Number(taken ?? 0), links: Number(links ?? 0), file };
    path = path === undefined ? text : undefined;
  }
  const end = await ended;
  if (end.exitCode !== 0) throw commandFailed(machine, ['perl', folder], end);
}

function stateOf(path: Path, text: string): State {
  const [letter = '', ...fields] = text.split(' ');
  if (letter === '-') return { type: 'none', missing: path.slice(0, Number(fields[0])) };
  const [mode = '', uid, gid, size, modified = '', links, file = '', files, bytes, room] = fields;
  const type = types[letter as keyof typeof types];
  if (type === undefined) throw new Error(`there is no type ${text}`);
  return {
    ...{ type, mode, uid: Number(uid), gid: Number(gid), modified, links: Number(links), file },
    ...{ size: Number(size), files: Number(files), bytes: Number(bytes), room: Number(room) },
  };
}

/** Of a folder, as it was counted. */
export const amountOf = ({ type, files, bytes, size }: There): Amount =>
  type === 'folder' ? { files, bytes } : { files: 1, bytes: type === 'file' ? size : 0 };

/** As far as a look at both can tell: what is in them may still differ, and rsync looks closer. */
export const looksSame = (one: There, other: There): boolean =>
  one.type === other.type && one.size === other.size && one.modified === other.modified;
