// What a run is about to change, file by file, as content judgement wants it: the mirror before, and what lies ready beside it.
import { join } from 'node:path';
import type { Path } from '../../model/change-journal.ts';
import type { Amount } from '../common/judgement/amount.ts';
import type { FileChange } from '../common/judgement/changes.ts';
import { below, type Decision } from './decide.ts';
import type { MirrorPlace } from './places.ts';
import type { Staged } from './stage.ts';
import { amountOf, filesBelow, isFolder } from './states.ts';

export type Going = Readonly<{ place: MirrorPlace; decision: Decision; staged: Staged }>;

const bytes = (path: Path): Buffer => Buffer.from(path, 'latin1');

/** What leaves its place: gone, or with another thing there now. */
const leaving = ({ decision, staged }: Going) => [
  ...decision.displaced,
  ...staged.arrived.flatMap(({ bring: { replaces } }) => (replaces === undefined ? [] : [replaces])),
];

/** What stays as it is. */
export function stays(mirrored: Amount, going: Going): Amount {
  const out = leaving(going).map(({ state }) => amountOf(state));
  const sum = (of: keyof Amount) => out.reduce((all, one) => all + one[of], 0);
  return { files: Math.max(0, mirrored.files - sum('files')), bytes: Math.max(0, mirrored.bytes - sum('bytes')) };
}

export async function* changesOf(going: Going, signal: AbortSignal): AsyncGenerator<FileChange> {
  const { place, decision, staged } = going;
  const { machine, root, work, tree } = place;
  const former = new Map(decision.renamed.map(({ from, to }) => [to, from]));
  const taken = new Set<Path>();
  const over = new Set<Path>();
  for (const { bring, state } of staged.arrived) {
    if (state.type !== 'file') continue;
    const { path, replaces } = bring;
    const from = former.get(path);
    const has = { path: bytes(path), after: state.size };
    if (from !== undefined) {
      taken.add(from);
      yield { fate: 'moved', ...has, from: bytes(from), before: state.size };
    } else if (replaces?.state.type === 'file') {
      over.add(replaces.before);
      const before = replaces.state.size;
      if (replaces.before === path) yield { fate: 'changed', ...has, before };
      else yield { fate: 'moved', ...has, from: bytes(replaces.before), before };
    } else yield { fate: 'new', ...has };
  }
  for (const lot of ['new', 'into'] as const) {
    const came = staged.arrived.filter((one) => one.lot === lot && isFolder(one.state)).map(({ bring }) => bring.path);
    for await (const { path, size } of filesBelow(machine, join(root, work, lot), came, signal))
      yield { fate: 'new', path: bytes(path), after: size };
  }
  const left = leaving(going).filter(({ before }) => !taken.has(before) && !over.has(before));
  for (const { before, state } of left)
    if (state.type === 'file') yield { fate: 'gone', path: bytes(before), before: state.size };
  // What is renamed out of a folder that goes lies in it still.
  const elsewhere = new Set(decision.moved.map(({ from }) => from));
  const isElsewhere = below([...elsewhere]);
  const folders = left.filter(({ state }) => isFolder(state)).map(({ before }) => before);
  for await (const { path, size } of filesBelow(machine, tree, folders, signal))
    if (!elsewhere.has(path) && !isElsewhere(path)) yield { fate: 'gone', path: bytes(path), before: size };
}
