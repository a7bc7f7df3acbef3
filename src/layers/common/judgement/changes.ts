// What changed between two generations of files, gathered while it is read, in bounded memory: how many and how much, what was
// renamed to what, and which files are to be looked into. Pure.

import type { Amount } from './amount.ts';
import { type Drawn, drawing } from './drawing.ts';
import { type Endings, endings, type Pair } from './endings.ts';
import { tidying } from './tidied.ts';

/** `moved`: the same file under another name, where that is known; `from` is the former one. Only files, no folders. */
export type FileChange =
  | Readonly<{ fate: 'new'; path: Buffer; after: number }>
  | Readonly<{ fate: 'gone'; path: Buffer; before: number }>
  | Readonly<{ fate: 'changed'; path: Buffer; before: number; after: number }>
  | Readonly<{ fate: 'moved'; path: Buffer; from: Buffer; before: number; after: number }>;

export type Gathered = Readonly<{
  /** without what is packed now */
  before: Amount;
  after: Amount;
  /** and nothing was put aside of them */
  emptied: Amount;
  /** that went without another name of theirs being found */
  lost: number;
  endings: Endings;
  /** with an earlier content, to be looked into */
  changed: Drawn<Pair>;
  fresh: Drawn<Pair>;
}>;

/** Names that are remembered of what went and what came; beyond, renaming is not looked for. */
const mostNames = 200_000;

export async function gatherChanges(
  same: Amount,
  changes: AsyncIterable<FileChange>,
  lookAt: number,
): Promise<Gathered> {
  const before = { ...same };
  const after = { ...same };
  const tidied = tidying();
  const changed = drawing<Pair>(lookAt);
  const came: Buffer[] = [];
  const went = new Map<string, Buffer>();
  const moved: Readonly<{ from: Buffer; path: Buffer }>[] = [];
  let [gone, fresh] = [0, 0];
  for await (const change of changes) {
    if (change.fate !== 'new') add(before, change.before);
    if (change.fate !== 'gone') add(after, change.after);
    if (change.fate !== 'gone') tidied.written(change.path);
    if (change.fate === 'gone') {
      gone += 1;
      tidied.gone(change.path, change.before);
      if (went.size < mostNames) went.set(change.path.toString('latin1'), change.path);
    } else if (change.fate === 'new') {
      fresh += 1;
      if (came.length < mostNames) came.push(change.path);
    } else {
      changed.offer({ before: change.fate === 'moved' ? change.from : change.path, after: change.path });
      if (change.before > 0 && change.after === 0) tidied.emptied(change.path, change.before);
      if (change.fate === 'moved' && moved.length < mostNames) moved.push(change);
    }
  }
  const named = endings(went, came, moved);
  for (const pair of named.pairs) changed.offer(pair);
  const new_ = drawing<Pair>(Math.ceil(lookAt / 4));
  for (const path of named.unpaired) new_.offer({ before: undefined, after: path });
  const packed = tidied.packed();
  const lost = gone - named.pairs.length - packed.files;
  return {
    before: { files: before.files - packed.files, bytes: before.bytes - packed.bytes },
    ...{ after, emptied: tidied.lost(), lost, endings: named.endings },
    ...{ changed: changed.drawn(), fresh: { ...new_.drawn(), of: fresh - named.pairs.length } },
  };
}

function add(amount: { files: number; bytes: number }, bytes: number): void {
  amount.files += 1;
  amount.bytes += bytes;
}
