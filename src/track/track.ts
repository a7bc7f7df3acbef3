// Several folders, each with a journal and a listener of its own: what ends one of them leaves the others alone.
import * as fs from 'node:fs/promises';
import { asFault } from '../fault.ts';
import type { Machine } from '../machines/machine.ts';
import type { Listener } from '../model/change-journal.ts';
import { makeFolder } from '../store/make-folder.ts';
import { type Duration, minutes, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Size } from '../values/size.ts';
import { shown } from '../values/text.ts';
import { follow } from './follow.ts';
import { openJournal } from './journal.ts';

export type Tracked = Readonly<{ folder: string; journal: string; excluded: readonly string[] }>;

export type Tracking = Readonly<{
  machine: Machine;
  clock: Clock;
  process: number;
  kind: Listener | 'any';
  room: Size;
  anew: boolean;
  say(line: string): void;
  signal: AbortSignal;
}>;

/** Until it is told to stop. What cannot be followed is tried again, and its journal says meanwhile that nobody follows. */
export async function track(folders: readonly Tracked[], tracking: Tracking): Promise<void> {
  await Promise.all(folders.map((one) => followOn(one, tracking)));
}

async function followOn(tracked: Tracked, tracking: Tracking): Promise<void> {
  const { clock, say, signal } = tracking;
  await sayMountsBelow(tracked, say);
  const excluded = [...tracked.excluded, ...(await journalWithin(tracked))];
  for (let [anew, pause] = [tracking.anew, seconds(1)]; !signal.aborted; anew = false) {
    const began = clock.monotonic();
    try {
      const begin = { ...tracked, excluded, process: tracking.process, anew, now: clock.now() };
      await using journal = await openJournal(begin);
      await follow({ ...tracking, journal });
    } catch (error) {
      if (signal.aborted) return;
      const { code, where, says, remedy, exit } = asFault(error, tracked.folder);
      // Somebody else has it, or it is not for us: that does not change by itself.
      if (exit === 'locked') throw error;
      say(`${where}: ${code}: ${shown(says)}; do this: ${shown(remedy)}`);
    }
    pause = clock.monotonic() - began > minutes(10) ? seconds(1) : longer(pause);
    await clock.sleep(pause, signal).catch(() => {});
  }
}

const longer = (pause: Duration): Duration => (pause >= minutes(1) ? minutes(1) : ((pause * 2) as Duration));

/** A journal that recorded itself would never come to rest. */
async function journalWithin({ folder, journal }: Tracked): Promise<readonly string[]> {
  makeFolder(journal);
  const [above, below] = await Promise.all([fs.realpath(folder).catch(() => folder), fs.realpath(journal)]);
  const inside = above === '/' ? '/' : `${above}/`;
  return below.startsWith(inside) ? [below.slice(inside.length)] : [];
}

/** One listener hears of one file system. */
async function sayMountsBelow({ folder }: Tracked, say: (line: string) => void): Promise<void> {
  for (const mount of mountsBelow(await fs.readFile('/proc/self/mountinfo', 'utf8'), folder))
    say(`${folder}: another file system lies in it, and is not followed with it: track ${shown(mount)} by itself`);
}

export const mountsBelow = (mountinfo: string, folder: string): readonly string[] =>
  mountinfo.split('\n').flatMap((line) => {
    // proc(5): the fifth word, with blanks and the like in octal.
    const at = line
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    return at?.startsWith(folder === '/' ? '/' : `${folder}/`) === true && at !== folder ? [at] : [];
  });
