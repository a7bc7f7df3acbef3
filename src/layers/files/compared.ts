// What changed since an earlier point, as content judgement wants it: read from both listings where they lie.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { commandFailed } from '../common/commands.ts';
import type { FileChange } from '../common/judgement/changes.ts';
import type { Generation } from '../common/judgement/generation.ts';
import { split } from '../common/records.ts';
import { generationParts, treeName } from '../common/trees/generation/parts.ts';
import { compareScript } from './script/compare-script.ts';

export type Comparing = Readonly<{
  machine: Machine;
  /** of the point that is being made */
  partial: string;
  /** the point it was linked to, and whether it is the same as that */
  linked: string | undefined;
  isSame: boolean;
  /** paths below the source */
  excluded: readonly string[];
}>;

type Compared = NonNullable<Generation['base']>;

/** @returns undefined where the earlier point's listings are not what was sealed */
export async function comparedWith(
  { manifest, folder }: RestorePoint,
  { machine, partial, linked, isSame, excluded }: Comparing,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<Compared | undefined> {
  const before = { files: manifest.counts['files'] ?? 0, bytes: manifest.counts['bytes'] ?? 0 };
  const base = { point: manifest.id, tree: join(folder, treeName) };
  if (isSame && linked === manifest.id) return { ...base, same: before, changes: none() };
  const sha256 = (part: string) => manifest.parts.find(({ name }) => name === part)?.sha256 ?? 'missing';
  const how = linked === manifest.id ? 'linked' : 'apart';
  const of = [partial, manifest.id, sha256(generationParts.scan), sha256(generationParts.digests), how];
  const ended = await machine.run(['sh', '-c', compareScript, 'sh', ...of, ...excluded], { signal });
  if (ended.exitCode === 3) return undefined;
  const [files, bytes] = ended.stdout.split(' ').map(Number);
  if (ended.exitCode !== 0 || files === undefined || bytes === undefined)
    throw commandFailed({ name: partial }, ['sh'], ended);
  const same = { files: Math.max(0, before.files - files), bytes: Math.max(0, before.bytes - bytes) };
  return { ...base, same, changes: changesIn(split(machine.files.source(join(partial, 'work', 'compared-files')), 0)) };
}

async function* none(): AsyncGenerator<FileChange> {}

async function* changesIn(records: AsyncGenerator<Buffer>): AsyncGenerator<FileChange> {
  for await (const record of records) {
    const [fate = '', from = '', to = ''] = record.toString('latin1').split(' ', 3);
    const path = record.subarray(fate.length + from.length + to.length + 3);
    const [before, after] = [Number(from), Number(to)];
    if (fate === 'gone') yield { fate, path, before };
    else if (fate === 'new') yield { fate, path, after };
    else if (fate === 'changed') yield { fate, path, before, after };
    else {
      const former = await records.next();
      if (fate !== 'moved' || former.done === true) throw new Error(`what changed was told as ${fate}`);
      yield { fate, path, from: former.value, before, after };
    }
  }
}
