// What the calls of either product work with.
import type { Chance } from './chance.ts';
import type { FaultBoard } from './faults/board.ts';
import type { Shelf } from './shelf.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { Tickets } from './tickets.ts';

/** Milliseconds a real server takes to say no; the lab says it at once unless told otherwise. */
export type Delays = Readonly<{
  /** PVE and PBS: 401 (3 s on a real server) */
  unauthorized: number;
  /** PBS: 403 (0.5 s) */
  forbidden: number;
  /** both: a lock that is not had (10 s) */
  lock: number;
}>;

export type HostParts = Readonly<{
  tasks: Tasks;
  board: FaultBoard;
  chance: Chance;
  /** `token USER@REALM!NAME` and `password USER@REALM`; on PVE also `storage NAME.pw` and the like */
  secrets: Shelf;
  tickets: Tickets;
  delays: Delays;
  /** epoch milliseconds */
  now: () => number;
}>;
