// Names of what Holdfast makes in a volume group. Everything of ours begins with `hf_`, carries the run that made it, and ends
// with ten digits of its origin's UUID: a crash before the record still finds it, and nothing else is ever touched.
import type { RunId } from '../../../model/run.ts';
import { digestOfText } from '../../../values/canonical.ts';

/** What a volume of ours is for; none: a snapshot that is, or will be, a restore point. */
export const roles = {
  clone: 'c',
  safety: 's',
  /** the live volume of before, while a swap is under way */
  old: 'o',
  /** the volume that a swap brings, before it has its name */
  new: 'n',
} as const;
export type Role = keyof typeof roles;

const ours = /^hf_(?<run>[a-z0-9_]+?)_(?:(?<role>[cson])_)?(?<origin>[0-9a-f]{10})$/;

/** The run as a name can hold it: `20261121T030000-ab12cd` is `20261121t030000_ab12cd`. */
export const runWord = (run: RunId): string => run.toLowerCase().replace(/[^a-z0-9]/g, '_');
export const originWord = (originUuid: string): string => digestOfText(originUuid).slice(0, 10);

export const snapshotName = (run: RunId, originUuid: string): string => `hf_${runWord(run)}_${originWord(originUuid)}`;
export const nameFor = (role: Role, run: RunId, originUuid: string): string =>
  `hf_${runWord(run)}_${roles[role]}_${originWord(originUuid)}`;

/** A name that may be removed at all; whose it is stands in its tags. */
export const isOurs = (name: string): boolean => /^hf_[a-z0-9_]{1,80}$/.test(name);

export type OwnName = Readonly<{ run: string; role: Role | undefined; origin: string }>;

/** Undefined for a name that is not made as ours are. */
export function readName(name: string): OwnName | undefined {
  const found = isOurs(name) ? ours.exec(name)?.groups : undefined;
  if (found === undefined) return undefined;
  const role = (Object.keys(roles) as Role[]).find((one) => roles[one] === found['role']);
  return { run: found['run'] ?? '', role, origin: found['origin'] ?? '' };
}

export const isOfRun = (name: string, run: RunId): boolean => readName(name)?.run === runWord(run);

export const deviceOf = (vg: string, name: string): string => `/dev/${vg}/${name}`;
