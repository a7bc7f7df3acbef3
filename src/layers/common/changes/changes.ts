// What a consumer of a change journal gets to see: all that was recorded since it last acknowledged, collapsed, under the names
// that hold at the end of it.
import type { Path, Position, RescanReason } from '../../../model/change-journal.ts';
import type { Instant } from '../../../values/instant.ts';

/** A subtree that must be looked through; `since`: only what changed from then on, by ctime, and of folders that did, their names. */
export type Rescan = Readonly<{ path: Path; why: RescanReason; since?: Instant | undefined }>;
/** In the order in which they happened. A hint: where the mirror does not have `from`, or has `to`, `to` is a subtree to rescan. */
export type Renamed = Readonly<{ from: Path; to: Path; folder: boolean }>;

/**
 * - `following`: up to `upTo` the journal says everything, the subtrees to rescan included
 * - `away`: the folder was not there when this was written; nothing may be taken as removed
 * - `silent`: nobody writes the journal; what happened after `until` is not known
 */
export type Watch = Readonly<{ state: 'following' | 'away' | 'silent'; says: string }>;

export type Changes = Readonly<{
  journal: string;
  /** the tracked folder */
  folder: Path;
  excluded: readonly Path[];
  watch: Watch;
  /** the consumer has what came before; 0 where it never acknowledged: then `rescans` has the whole folder */
  from: Position;
  /** to be acknowledged when all of this was carried over and verified */
  upTo: Position;
  /** false where more is recorded behind `upTo` */
  complete: boolean;
  /** when the last that is in here was recorded to be all */
  until: Instant;
  /** under their last names; look there: what is not there was removed */
  touched: readonly Readonly<{ path: Path; folder: boolean }>[];
  renamed: readonly Renamed[];
  rescans: readonly Rescan[];
}>;
