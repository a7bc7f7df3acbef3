// A sealed point of any tree, made as every layer of trees makes one, without any layer; and restores of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import { localMachine } from '../../../machines/local.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import { instantAt, systemClock } from '../../../values/instant.ts';
import { must } from '../commands.ts';
import { type Driven, drive, type Outcome, worldWith } from '../driver.test-support.ts';
import { manifestText, withSeal } from '../points/manifest.ts';
import { followed } from '../points/part.ts';
import { createArgv } from './archive.ts';
import { namesIn } from './listing.ts';
import { partNames } from './parts.ts';
import { planTreeRestore, type TreeEntry } from './restore-plan.ts';
import { scoutTree } from './scout.ts';
import { writeListing } from './write-listing.ts';

const { signal } = new AbortController();
const machine = localMachine({ name: 'here', clock: systemClock });

export type TreePlace = Readonly<{
  folder: string;
  /** what the next point is made of */
  tree: string;
  /** where it is brought back to; not there before */
  back: string;
  sealed(): Promise<RestorePoint>;
  restore(
    point: RestorePoint,
    only: string | undefined,
    over?: Partial<Driven>,
    entry?: Partial<TreeEntry>,
  ): Promise<Outcome>;
  close(): void;
}>;

export function treePlace(): TreePlace {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tree-'));
  const [tree = '', points = '', back = '', taken = ''] = ['tree', 'points', 'back', 'taken'].map((one) =>
    join(folder, one),
  );
  for (const one of [tree, points, taken]) mkdirSync(one, { mode: 0o700 });
  const entry: TreeEntry = {
    ...{ name: 'trees', kind: 'disk-image', machine: 'here', workload: 'trees', to: points, keep: { keep_last: 3 } },
  };
  const world = worldWith();
  return {
    ...{ folder, tree, back },
    sealed: () => sealedOf(tree, join(points, 'trees')),
    restore: async (point, only, over = {}, changed = {}) => {
      const [wish, wanted] = [
        { point, target: back, only },
        { ...entry, ...changed },
      ];
      const scouted = await scoutTree(wanted, wish, world, signal);
      const { steps, refusals } = planTreeRestore(wanted, wish, 'a test', scouted);
      const [refusal] = refusals;
      if (refusal !== undefined) throw new Fault(refusal.code, { where: refusal.subject, ...refusal });
      return drive({ run: 'run9' as RunId, world, taken, ...over }, steps, 'lead back');
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function sealedOf(tree: string, layer: string): Promise<RestorePoint> {
  const [folder, work] = [join(layer, 'point1'), join(layer, 'work')];
  for (const one of [folder, work]) mkdirSync(one, { recursive: true });
  const watched = { signal, progress: () => {}, world: worldWith() };
  const damaged = (words: string) => new Fault('unexpected', { where: tree, says: words, remedy: '' });
  const { part, counts } = await writeListing({ machine, tree, work, damaged, ...watched }, folder);
  const archived = async (which: 'contents' | 'devices') => {
    const archive = join(folder, partNames[which]);
    writeFileSync(archive, '');
    const written = must(machine, createArgv(tree, namesIn(work)[which], archive));
    return followed(machine, archive, written, 0, watched);
  };
  const parts = [await archived('contents'), await archived('devices'), part];
  const manifest = withSeal({
    ...{ format: 1, id: 'point1', layer: 'trees', kind: 'disk-image', workload: 'trees', takenAt: instantAt(0) },
    ...{ sealedAt: instantAt(0), run: 'run1' as RunId, source: {}, counts, parts },
    ...{ details: { attributes_listed: true }, tools: {} },
  });
  writeFileSync(join(folder, 'manifest.json'), manifestText(manifest));
  return { manifest, machine: 'here', folder, bytes: 0, held: undefined };
}
