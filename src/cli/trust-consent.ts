// What `trust` asks before it writes, and what it says after.
import { isCancel, text } from '@clack/prompts';
import { Fault } from '../fault.ts';
import type { EstateText, FileChange } from '../trust-files.ts';
import { count, shown } from '../values/text.ts';
import type { Invocation } from './command.ts';

export function writtenAsText(changes: readonly FileChange[], taken: readonly EstateText[]): string {
  const others = taken.map(
    ({ file, real, uid, gid }) =>
      `${shown(file)} belonged to the user ${uid} and the group ${gid}, who may not be able to read it now: chown ${uid}:${gid} ${shown(real)}\n`,
  );
  return `Pinned in ${count(changes.length, 'file')}: ${changes.map(({ file }) => shown(file.file)).join(', ')}.\n${others.join('')}`;
}

/** @param what `certificate` or `host key` */
export async function agreed(invocation: Invocation, seen: string, what: string): Promise<void> {
  const { terminal } = invocation.surroundings;
  if (!terminal.input || !terminal.output || invocation.given.json)
    throw new Fault('consent-missing', {
      where: 'trust',
      says: `nobody can be asked whether this is the right ${what}; nothing was written`,
      remedy: 'look at it with --dry-run, compare it on the server, then say --yes',
      exit: 'misused',
    });
  invocation.say(seen);
  const typed = await text({ message: 'Is it the same? Type yes to pin it' });
  if (!isCancel(typed) && typed === 'yes') return;
  throw new Fault('not-agreed', {
    where: 'trust',
    says: 'it was not agreed to; nothing was written',
    remedy: 'run the command again when you have compared it',
    exit: 'interrupted',
  });
}
