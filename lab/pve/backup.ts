// What a task of vzdump does with one guest, wherever its backup goes.
import type { Values } from './schema.ts';
import type { Guest } from './state.ts';

/** `before`: what stands in the log above the line that says why. */
export type Problem = Readonly<{ before: readonly string[]; why: string }>;

export type Begun = Readonly<{
  /** as the log of the task calls it */
  name: string;
  /** what is wrong at the door, or halfway through the data */
  problem(at: 'open' | 'write'): Problem | undefined;
  finish(notes: string | undefined, isProtected: boolean): Promise<void>;
}>;

export type BackupTarget = Readonly<{
  /** @param now epoch seconds */
  begin(guest: Guest, now: number): Begun;
  /** removes what the retention in force does not keep of that guest; where none is in force, nothing */
  prune(guest: Guest, params: Values, log: (line: string) => void): Promise<void>;
}>;
