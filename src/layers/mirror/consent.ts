// What was stopped above the budget, and what somebody has agreed to since: the list lies at the target under its digest, the estate
// names the digest, and an approval is used once.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Path } from '../../model/change-journal.ts';
import { count, shown } from '../../values/text.ts';
import type { Weighed } from './budget.ts';
import type { Canaries } from './judged.ts';
import { asNames, type MirrorPlace, namesIn, readable, stoppedName } from './places.ts';

const limit = 1024 * 1024 * 1024;

export type Agreed = Readonly<{ names: ReadonlySet<Path>; digests: readonly string[] }>;

/** @param used digests of approvals that were used before */
export async function agreedTo({ machine, root, entry }: MirrorPlace, used: readonly string[]): Promise<Agreed> {
  const names = new Set<Path>();
  const digests: string[] = [];
  if (entry.approved.length === 0) return { names, digests };
  for (const digest of (await machine.files.list(join(root, stoppedName))) ?? []) {
    if (used.includes(digest) || !entry.approved.some(({ displaced }) => digest.startsWith(displaced))) continue;
    const list = await machine.files.read(join(root, stoppedName, digest), limit);
    for (const name of namesIn(list ?? new Uint8Array())) names.add(name);
    digests.push(digest);
  }
  return { names, digests };
}

const most = 20;

/** @throws Fault `mirror-over-budget`, always: nothing was displaced, and nothing acknowledged */
export async function stop(
  { machine, root, entry }: MirrorPlace,
  weighed: Weighed,
  files: number,
  canaries: Canaries,
): Promise<never> {
  const { list, digest, removed, overwritten, allowed, since } = weighed;
  await machine.files.makeFolder(join(root, stoppedName), 0o700);
  await machine.files.write(join(root, stoppedName, digest), asNames(list), 0o600);
  const some = list
    .slice(0, most)
    .map((path) => shown(readable(path)))
    .join(', ');
  const more = list.length > most ? ` and ${list.length - most} more` : '';
  const before = since === 0 ? '' : ` (and ${since} were, since the content of a run is suspicious)`;
  const damaged = canaries.map(({ path, says }) => `; the canary ${shown(path)} ${says}`).slice(0, 5);
  throw new Fault('mirror-over-budget', {
    where: shown(entry.from.folder),
    says:
      `of ${count(files, 'file')} in the mirror, ${removed} would be removed and ${overwritten} overwritten${before}, and ` +
      `${allowed} may be in one run (${entry.budget} %): ${some}${more}${damaged.join('')}`,
    remedy:
      `nothing was changed. If it is right, say \`approved: [{ displaced: ${digest.slice(0, 12)}, reason: ..., owner: ... }]\` ` +
      `on the layer ${entry.name} and run it again; the whole list is ${shown(join(root, stoppedName, digest))}`,
  });
}
