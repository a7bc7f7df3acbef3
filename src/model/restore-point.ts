// One recoverable copy of one workload, at one time, in one place, made by one layer. Only sealed points exist: what is
// still being written has another name, and is nobody's restore point.
import type { Digest, Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { RunId } from './run.ts';

export type PointId = string;

export type Part = Readonly<{ name: string; bytes: number; sha256: Digest }>;

/** What stands in `manifest.json`, which is written last: its presence under the final name is the seal. */
export type Manifest = Readonly<{
  format: 1;
  id: PointId;
  /** the layer's name in the estate, and its kind */
  layer: string;
  kind: string;
  workload: string;
  takenAt: Instant;
  sealedAt: Instant;
  run: RunId;
  /** where it was taken from: cannot repeat, even where names do (an image's file system UUID, a volume id) */
  source: Readonly<Record<string, Json>>;
  counts: Readonly<Record<string, number>>;
  parts: readonly Part[];
  /** whatever the layer must know to bring it back */
  details: Readonly<Record<string, Json>>;
  tools: Readonly<Record<string, string>>;
}>;

/** What `details` of a hold says is why retention may not touch the point. */
export type RestorePoint = Readonly<{
  manifest: Manifest;
  machine: string;
  folder: string;
  bytes: number;
  held: string | undefined;
  /** what an operator should know of how it was taken, in a few words, where that is not the same for every point of its layer */
  how?: string | undefined;
  /** what of its disk it takes, where that is not simply `bytes` */
  takes?: Takes | undefined;
}>;

/**
 * `shared`: with the points beside it, by hard links or clones; `whole` is everything in it, `added` what the point before it does not
 * have.
 */
export type Takes = Readonly<{ what: 'shared'; whole: number; added: number } | { what: 'unknown'; because: string }>;

const beforeRestore = 'before restore ';

/** The hold on what a restore replaced. */
export const heldBeforeRestore = (run: string): string => `${beforeRestore}${run}`;
export const isPutAway = ({ held }: Pick<RestorePoint, 'held'>): boolean => held?.startsWith(beforeRestore) === true;

const bySuspicion = 'suspicion ';

/** The hold on what is older than a point whose content is suspicious; the number is what an approval names. */
export const heldBySuspicion = (number: string, point: PointId): string =>
  `${bySuspicion}${number} of ${point}: kept until it is approved, or the files are as before`;
export const isHeldBySuspicion = ({ held }: Pick<RestorePoint, 'held'>): boolean =>
  held?.startsWith(bySuspicion) === true;
