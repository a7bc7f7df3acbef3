// A generation: a point whose content lies in it as plain files, in `tree`, hard-linked to the generation before. What was found at the
// source lies beside it as records of find(1), each ended by a NUL and sorted by path, which never were in the memory of one process.
import type { Manifest } from '../../../../model/restore-point.ts';

export const generationParts = {
  /** `PATH//TYPE MODE UID GID SIZE MODIFIED TARGET//CHANGED LINKS INODE`, and ` !` where it may have changed since within one tick */
  scan: 'scan.gz',
  /** `PATH//SHA256` of each file, or `PATH//sparse:SHA256` where holes were not read (digests.ts) */
  digests: 'digests.gz',
  /** `PATH//NAME=HEX` with newlines between, of what has extended attributes or ACLs */
  attributes: 'attributes.gz',
  /** `INODE//LINKS` of hard-linked files with names that are not in the tree: how many are */
  links: 'links.gz',
  /** `FATE OLD-SIZE NEW-SIZE PATH` of what is not as it was in the generation before */
  changes: 'changes.gz',
} as const;

export const treeName = 'tree';

export const isGeneration = ({ parts }: Pick<Manifest, 'parts'>): boolean =>
  parts.some(({ name }) => name === generationParts.scan);
export const hasPart = ({ parts }: Pick<Manifest, 'parts'>, wanted: string): boolean =>
  parts.some(({ name }) => name === wanted);
