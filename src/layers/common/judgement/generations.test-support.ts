// Two generations of a tree, and what changed between them, as a layer would say it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localMachine } from '../../../machines/local.ts';
import { systemClock } from '../../../values/instant.ts';
import { sh } from '../trees.test-support.ts';
import { type FileChange, gatherChanges } from './changes.ts';
import { type Evidence, judge, type Verdict } from './judge.ts';
import { lookInto } from './look.ts';
import { type Thresholds, thresholdsOf } from './thresholds.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const { signal } = new AbortController();

export type Generations = Readonly<{
  folder: string;
  before: string;
  /** what it is now: begins as it was before, times included */
  now: string;
  sh(script: string): string;
  judged(canaries?: Evidence['canaries'], declared?: Partial<Thresholds>): Promise<Verdict>;
  close(): void;
}>;

/** @param fill a script that is run in the empty tree */
export function generationsOf(fill: string): Generations {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-judged-'));
  const [before, now] = [join(folder, 'before'), join(folder, 'now')];
  mkdirSync(before);
  sh(fill, before);
  execFileSync('cp', ['-a', before, now]);
  return {
    ...{ folder, before, now },
    sh: (script) => sh(script, now),
    judged: async (canaries = [], declared = {}) => {
      const limits = thresholdsOf(declared);
      const gathered = await gatherChanges(...changesOf(before, now), limits.look_at);
      const looking = { machine, before, after: now, signal, looked: () => {} };
      const changed = await lookInto(looking, gathered.changed.items);
      const fresh = await lookInto(looking, gathered.fresh.items);
      const looked = typeof changed === 'string' ? changed : typeof fresh === 'string' ? fresh : { changed, fresh };
      return judge({ gathered, looked, canaries }, limits);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

type File = Readonly<{ size: number; inode: string; state: string }>;

function changesOf(before: string, now: string): [{ files: number; bytes: number }, AsyncIterable<FileChange>] {
  const [old, young] = [filesIn(before), filesIn(now)];
  const same = { files: 0, bytes: 0 };
  const changes: FileChange[] = [];
  for (const [name, { size, state }] of young) {
    const path = Buffer.from(name, 'latin1');
    const former = old.get(name);
    if (former === undefined) changes.push({ fate: 'new', path, after: size });
    else if (former.state === state) {
      same.files += 1;
      same.bytes += size;
    } else changes.push({ fate: 'changed', path, before: former.size, after: size });
  }
  for (const [name, { size }] of old)
    if (!young.has(name)) changes.push({ fate: 'gone', path: Buffer.from(name, 'latin1'), before: size });
  const each = async function* () {
    yield* changes;
  };
  return [same, each()];
}

function filesIn(tree: string): Map<string, File> {
  const argv = [tree, '-type', 'f', '-printf', '%s %i %T@ %P\\0'];
  const text = execFileSync('find', argv, { maxBuffer: 1 << 28 }).toString('latin1');
  return new Map(
    text
      .split('\0')
      .filter(Boolean)
      .map((record) => {
        const [size = '', inode = '', time = '', ...path] = record.split(' ');
        return [path.join(' '), { size: Number(size), inode, state: `${size} ${time}` }];
      }),
  );
}
