// How the target of an entry is reached.
import type { Ends } from './ends.ts';
import { rcloneTarget } from './rclone-target.ts';
import { rsyncTarget } from './rsync-target.ts';
import type { OffsiteEntry } from './schema.ts';
import type { Target, Working } from './target.ts';

export const targetOf = (entry: OffsiteEntry, ends: Ends, working: Working): Target =>
  ends.target === undefined
    ? rcloneTarget(entry, ends.near, working)
    : rsyncTarget(entry, { ...ends, target: ends.target }, working);
