// The archive of what was gathered, on the host itself: proved to hold all that is listed before it goes anywhere.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { lastWords } from '../common/commands.ts';
import { fullOr } from '../common/records.ts';
import { createArgv } from '../common/trees/archive.ts';
import { namesIn } from '../common/trees/listing.ts';
import { proveMembers } from '../common/trees/members.ts';
import { partNames } from '../common/trees/parts.ts';
import type { Staging } from './staging.ts';

export async function archiveTree({ machine, tree, work, out }: Staging, entries: number, signal: AbortSignal) {
  const archive = join(out, partNames.contents);
  const ended = await machine.run(createArgv(tree, namesIn(work).contents, archive), { signal });
  if (ended.exitCode !== 0) throw fullOr(unreadable(`tar: ${lastWords(ended)}`), lastWords(ended), out);
  await proveMembers(machine, archive, entries, signal);
}

export const unreadable = (words: string): Fault =>
  new Fault('staging-unreadable', {
    where: 'what was gathered',
    says: `not everything of it can be read again: ${words}`,
    remedy: 'see whether somebody removed it meanwhile (`staging` in the estate), then run it again',
  });
