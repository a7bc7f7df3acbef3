// What was unpacked against the listing of its point: nothing missing, nothing more, all metadata, the same files hard-linked.
import { join } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Manifest } from '../../../model/restore-point.ts';
import { count, shown } from '../../../values/text.ts';
import { type Comparing, compare, type Difference, type Linked } from './compare.ts';
import { proveContent } from './generation/copy-out.ts';
import { isGeneration } from './generation/parts.ts';
import { sortLinks } from './links.ts';
import { type Listed, pathOf } from './listed.ts';
import { listTree } from './listing.ts';
import { readListing } from './read-listing.ts';
import { atHand, meantOf, type Restoring } from './target.ts';

export type Compared = Readonly<{ root: Listed; degraded: readonly string[] }>;

/** @throws Fault `restore-differs`, or `point-damaged` where the listing is not the one that was sealed */
export async function compareTree(restoring: Restoring, context: StepContext): Promise<Compared> {
  const { machine, target, tree } = restoring;
  const { signal, progress } = context;
  const point = await atHand(restoring, context);
  const work = join(restoring.work, 'sorting');
  await machine.files.remove(work);
  await machine.files.makeFolder(work, 0o700);
  const found = await listTree({
    ...{ machine, tree, work, signal, progress },
    damaged: (words) => unreadable(target, words),
  });
  const comparing = comparingOf(restoring, point.manifest, found.attributes);
  const seen = { differences: 0, first: [] as Difference[], root: undefined as Listed | undefined };
  const note = (difference: Difference) => {
    seen.differences += 1;
    if (seen.first.length < 5) seen.first.push(difference);
  };
  const listing = async function* () {
    for await (const entry of meantOf(restoring, readListing(point, signal))) {
      if (pathOf(entry).length === 0) seen.root = entry;
      yield entry;
    }
  };
  const links = async function* (): AsyncGenerator<Linked> {
    for await (const one of compare(listing(), found.entries, comparing))
      if ('says' in one) note(one);
      else yield one;
  };
  for await (const one of await sortLinks({ machine, folder: work, signal }, links())) note(one);
  if (seen.differences > 0) throw differs(target, seen.differences, seen.first);
  if (isGeneration(point.manifest)) await proveContent(restoring, point, work, context);
  if (seen.root === undefined) throw new Error('a listing with the right digest has no root');
  return { root: seen.root, degraded: comparing.attributes ? [] : [notCompared] };
}

const comparingOf = ({ devices, scope }: Restoring, { details }: Manifest, attributesFound: boolean): Comparing => ({
  part: scope !== undefined,
  attributes: attributesFound && details['attributes_listed'] === true,
  expected: ({ type }) => type !== 'socket' && (devices || (type !== 'block' && type !== 'character')),
});

const notCompared =
  'extended attributes and ACLs were brought back, but not compared: getfattr (Debian package attr) is missing on the ' +
  'machine, or was when the point was made';

const differs = (target: string, differences: number, first: readonly Difference[]): Fault =>
  new Fault('restore-differs', {
    where: shown(target),
    says: `${count(differences, 'difference')} to the listing of the point: ${first.map(({ path, says }) => `${path} ${says}`).join('; ')}`,
    remedy: 'use a target on a file system that can hold all of it (ext4, xfs, btrfs), and that nobody else writes to',
  });

const unreadable = (target: string, words: string): Fault =>
  new Fault('restore-differs', {
    where: shown(target),
    says: `not everything that was unpacked can be read: ${words}`,
    remedy: 'see that nobody else writes to the target, and the disk it lies on (dmesg)',
  });
