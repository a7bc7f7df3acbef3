// The content of a new generation is judged before it is sealed: against the newest point that is known to be fine, whatever it was
// linked to. What follows from that is decided here for all who ask: what is held, what the run says.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { digestOf } from '../../values/canonical.ts';
import { type Planted, plantedOf, troubledCanaries } from '../common/judgement/canaries/canaries.ts';
import { judgeGeneration } from '../common/judgement/generation.ts';
import type { Evidence } from '../common/judgement/judge.ts';
import { type Judged, judgedAs } from '../common/judgement/record.ts';
import { standingOf } from '../common/judgement/standing.ts';
import { thresholdsOf } from '../common/judgement/thresholds.ts';
import type { SourceKey } from '../common/points/source.ts';
import { treeName } from '../common/trees/generation/parts.ts';
import { comparedWith } from './compared.ts';
import type { Made } from './generation.ts';
import type { FilesEntry } from './schema.ts';
import type { Source } from './source.ts';

export type Judging = Readonly<{
  machine: Machine;
  partial: string;
  entry: FilesEntry;
  source: Source;
  key: SourceKey;
  excluded: readonly string[];
  /** canaries as they were before the copy began */
  planted: Planted | undefined;
  /** points of this source, oldest first */
  own: readonly RestorePoint[];
}>;

export async function judgedContent(judging: Judging, made: Made, context: StepContext): Promise<Judged> {
  const { machine, partial, entry, key, excluded, own } = judging;
  const damaged = made.unproved.map(({ id }) => id);
  const sound = own.filter(({ manifest }) => !damaged.includes(manifest.id));
  const { base } = standingOf(sound, entry.suspicious_approved);
  const comparing = { machine, partial, linked: made.base, isSame: made.outcome === 'same', excluded };
  const compared = base && (await comparedWith(base, comparing, context));
  const of = [entry.name, key];
  const tree = join(partial, treeName);
  const canaries = await troubleWith(judging, tree, context);
  const thresholds = thresholdsOf(entry.judgement);
  const judged = await judgeGeneration({ machine, of, base: compared, tree, canaries, thresholds }, context);
  if (base === undefined || compared !== undefined || judged.verdict !== 'not known') return judged;
  const because = `the listing of ${base.manifest.id}, with which it was to be compared, is not what was sealed`;
  return judgedAs({ verdict: 'not known', because }, base.manifest.id, of);
}

/** Those that were planted or taken away while files were copied say nothing, and neither do those that are left out. */
async function troubleWith(
  { machine, entry, source, excluded, planted }: Judging,
  tree: string,
  { world, signal }: StepContext,
): Promise<Evidence['canaries']> {
  if (planted === undefined || source.of !== 'folder' || planted.folder !== source.folder) return [];
  const still = plantedOf(world, entry.name);
  if (still === undefined || digestOf(still) !== digestOf(planted)) return [];
  const isCopied = (path: string) => !excluded.some((one) => path === one || path.startsWith(`${one}/`));
  const paths = planted.paths.filter(isCopied);
  return troubledCanaries({ machine, tree, signal }, { ...planted, paths });
}
