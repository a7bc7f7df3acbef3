// The change journal of one tracked folder: what the tracker beside it writes and those who copy it read. A record says where to
// look, never what is there: whoever reads it looks at the folder itself, so a record too many costs a look and nothing else.
import type { Instant } from '../values/instant.ts';

/** A place below the tracked folder: its bytes as latin1, without a slash at either end; '' is the folder itself. */
export type Path = string;

/** Counts the records of a journal from 1; 0 is before the first. */
export type Position = number;

/** Why a whole subtree must be looked through. */
export const rescanReasons = {
  overflow: 'more happened at once than could be followed',
  started: 'nobody watched before',
  back: 'the folder was away, or its disk was another one',
  'moved-in': 'it came as a whole, from outside or from where nobody watches',
  unwatched: 'it was made and filled before a watch stood there',
  crowded: 'more changed below it than the journal holds',
  replaced: 'a folder of that name was removed or moved away, and another one came',
  missing: 'records are missing or damaged, or it was never looked at',
} as const;
export type RescanReason = keyof typeof rescanReasons;

export type Change =
  | Readonly<{ what: 'changed' | 'removed'; path: Path; folder: boolean }>
  | Readonly<{ what: 'renamed'; path: Path; to: Path; folder: boolean }>
  /** `since`: only what changed from then on, by its ctime; without it all of it */
  /** `through`: stands for all records up to that one, its own number being the first of them or a later one */
  | Readonly<{ what: 'rescan'; path: Path; why: RescanReason; since?: Instant; through?: Position }>
  /** the folder is not there, or another disk lies in its place: nothing is removed by that */
  | Readonly<{ what: 'away'; says: string }>;

export type ChangeRecord = Readonly<{ n: Position; at: Instant }> & Change;

/** journal.json */
export type JournalHeader = Readonly<{
  format: 1;
  /** drawn when the journal was begun: positions of another journal mean nothing in this one */
  id: string;
  /** absolute, in UTF-8, as it was given */
  folder: string;
  /** below the folder, in UTF-8; neither they nor what is in them is recorded */
  excluded: readonly string[];
  begun: Instant;
  /** the kind of file system and the number of the folder on it; another place is `away` */
  place: string;
  /** the file system's own id, where it has one that stays */
  disk: string;
}>;

export type Listener = 'fanotify' | 'inotify';

/** heartbeat.json: written after each batch that is on the disk, and every half minute. */
export type HeartBeat = Readonly<{
  journal: string;
  at: Instant;
  /** up to here all is on the disk; what lies behind it is not read yet */
  position: Position;
  /** what happened before this is recorded up to the position; undefined where it never followed */
  complete?: Instant;
  state: 'following' | 'away' | 'stopped';
  says: string;
  listener: Listener;
  /** folders that are watched one by one; with fanotify none is */
  watches: number;
  since: Instant;
  process: number;
}>;

/** consumers/NAME.json */
export type Acknowledged = Readonly<{
  journal: string;
  consumer: string;
  upTo: Position;
  /** what happened before is in it, whatever becomes of the journal */
  until?: Instant | undefined;
  at: Instant;
}>;

export const journalFormat = 1;

/** What lies in a journal's folder. */
export const journalNames = {
  header: 'journal.json',
  beat: 'heartbeat.json',
  segments: 'segments',
  consumers: 'consumers',
} as const;

/** A segment is named by its first record, so that names sort as records do. */
export const segmentName = (first: Position): string => `${String(first).padStart(16, '0')}.ndjson`;
export const firstOf = (segment: string): Position | undefined => {
  const [, digits] = /^(\d{16})\.ndjson$/.exec(segment) ?? [];
  return digits === undefined ? undefined : Number(digits);
};
