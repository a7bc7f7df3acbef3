// What a consumer of a change journal gets to see: all that was recorded since it last acknowledged, collapsed, under the names
// that hold at the end of it.
import type { Position } from '../../../model/change-journal.ts';
import type { Collapsed } from '../../../model/collapse-changes.ts';
import type { Instant } from '../../../values/instant.ts';
import type { Watch } from './watch.ts';

export type Changes = Readonly<{
  journal: string;
  /** the tracked folder, and what below it is not recorded */
  folder: string;
  excluded: readonly string[];
  watch: Watch;
  /** the consumer has what came before; 0 where it never acknowledged: then `rescans` has the whole folder */
  from: Position;
  /** to be acknowledged when all of this was carried over and verified */
  upTo: Position;
  /** false where more is recorded behind `upTo` */
  complete: boolean;
  /** all that happened before is in here; undefined where that is not known, as of an incomplete one */
  until: Instant | undefined;
}> &
  Collapsed;
