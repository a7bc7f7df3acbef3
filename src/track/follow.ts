// One folder, followed: what is heard becomes records, in batches that are on the disk before the heart-beat says so.
import type { Fault } from '../fault.ts';
import type { Machine } from '../machines/machine.ts';
import type { Change, HeartBeat, Listener, Path, RescanReason } from '../model/change-journal.ts';
import { milliseconds, seconds } from '../values/duration.ts';
import { after, type Clock, type Instant } from '../values/instant.ts';
import type { Size } from '../values/size.ts';
import { count, shown } from '../values/text.ts';
import { batchOf } from './batch.ts';
import type { Journal } from './journal.ts';
import { type Heard, listen } from './listen.ts';
import { listenerFault } from './listener-faults.ts';

export type Following = Readonly<{
  machine: Machine;
  clock: Clock;
  journal: Journal;
  kind: Listener | 'any';
  /** how much of the disk the journal may take */
  room: Size;
  say(line: string): void;
  signal: AbortSignal;
}>;

/** A file's ctime is taken from a clock that ticks, and a listener hears of a change a moment after it. */
const margin = seconds(2);
const beatEvery = seconds(30);
const roomEvery = seconds(60);
const flushEvery = seconds(1);

/** Ends only by throwing: when the listener ends, when the journal cannot be written, when it is told to stop. */
export async function follow(following: Following): Promise<never> {
  const { machine, clock, journal, kind, room, say, signal } = following;
  const { folder, excluded, place } = journal.header();
  const batch = batchOf();
  const since = clock.now();
  let state: HeartBeat['state'] = 'away';
  let [complete, watches, listener]: [Instant | undefined, number, Listener] = [
    journal.before?.complete,
    0,
    'fanotify',
  ];
  let says = 'it begins to listen';
  let why: RescanReason = 'started';
  let [unwatchable, told] = [0, false];
  const last = { flushed: clock.monotonic(), beat: Number.NEGATIVE_INFINITY, room: Number.NEGATIVE_INFINITY };

  const beat = async (now: HeartBeat['state'] = state, words = says) => {
    const held = batch.oldestHeld();
    const known = complete !== undefined && held !== undefined && held < complete ? held : complete;
    await journal.beat({
      ...{ at: clock.now(), state: now, says: words, listener, watches, since },
      ...(known === undefined ? {} : { complete: known }),
    });
    last.beat = clock.monotonic();
  };
  const flush = async () => {
    const changes = batch.take();
    if (changes.length > 0) await journal.add(changes, clock.now());
    last.flushed = clock.monotonic();
    if (changes.length > 0 || clock.monotonic() - last.beat >= beatEvery) await beat();
    if (clock.monotonic() - last.room < roomEvery) return;
    await journal.makeRoom(room);
    last.room = clock.monotonic();
  };
  const rescanned = (reason: RescanReason, from: Instant | undefined): Change => ({
    ...{ what: 'rescan', path: '' as Path, why: reason },
    // A clock that was set back says nothing of when things changed.
    ...(from === undefined || from > clock.now() ? {} : { since: after(from, milliseconds(-margin)) }),
  });
  const hear = async (heard: Heard): Promise<void> => {
    switch (heard.what) {
      case 'here': {
        const header = journal.header();
        // Another file system may have things on it that changed long ago.
        const sameDisk = header.disk === heard.disk && header.place !== '';
        batch.add(rescanned(why, sameDisk ? complete : undefined));
        if (!sameDisk) await journal.known(heard);
        state = 'following';
        ({ listener, watches } = heard);
        says = wordsFor(heard, unwatchable);
        say(`${folder}: followed by ${says}${complete === undefined ? '' : `; not watched since ${complete}`}`);
        [why, told] = ['back', false];
        // On the disk before anything else is: a reader that sees the first record must know of the gap.
        await flush();
        await beat();
        return;
      }
      case 'away':
        batch.add({ what: 'away', says: heard.says });
        state = 'away';
        says = heard.says;
        say(`${folder}: away: ${shown(says)}`);
        await flush();
        await beat();
        return;
      case 'lost':
        batch.add(rescanned('overflow', complete));
        say(`${folder}: more happened at once than the kernel keeps: it is to be looked through`);
        return;
      case 'complete':
        if (state === 'following') {
          // The first word of what is known is waited for.
          if (!told) last.beat = Number.NEGATIVE_INFINITY;
          [complete, told] = [heard.before, true];
        }
        watches = heard.watches;
        batch.release(heard.before);
        await flush();
        return;
      case 'unwatchable':
        unwatchable += 1;
        batch.add({ what: 'rescan', path: heard.path, why: 'unwatched' });
        say(
          `${folder}: a folder in it cannot be watched: ${shown(Buffer.from(heard.path, 'latin1').toString())}: ${heard.says}`,
        );
        return;
      case 'ends':
        throw listenerFault(folder, heard.code, heard.says);
      case 'written':
        batch.hold(heard.path, complete ?? since);
        return;
      default:
        batch.add(heard);
    }
  };

  try {
    await beat();
    const listening = { machine, folder, kind, place, excluded, signal };
    for await (const portion of listen(listening)) {
      for (const heard of portion) {
        await hear(heard);
        if (batch.full()) await flush();
      }
      if (clock.monotonic() - last.flushed >= flushEvery) await flush();
    }
    throw new Error('the listener ended without a word');
  } catch (error) {
    // What was heard is recorded, whatever ended it; a journal that cannot be written said so itself.
    await quietly(() => flush());
    await quietly(() =>
      beat('stopped', signal.aborted ? 'it was told to stop' : `it stopped: ${(error as Fault).message}`),
    );
    throw error;
  }
}

async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // The first error is the one to tell.
  }
}

const wordsFor = ({ listener, watches }: Extract<Heard, { what: 'here' }>, unwatchable: number): string =>
  listener === 'fanotify'
    ? 'fanotify, for the whole file system'
    : `inotify, with a watch in ${count(watches, 'folder')}${unwatchable === 0 ? '' : `; ${count(unwatchable, 'folder')} cannot be watched`}`;
