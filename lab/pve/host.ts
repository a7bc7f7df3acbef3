// What the calls of a PVE host work with.
import type { Chance } from '../chance.ts';
import type { FaultBoard } from '../faults/board.ts';
import type { PbsHost } from '../pbs/host.ts';
import type { Shelf } from '../shelf.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { Tickets } from '../tickets.ts';
import type { Values } from './schema.ts';
import type { PveState } from './state.ts';

/** Milliseconds a real server takes to say no; the lab says it at once unless told otherwise. */
export type Delays = Readonly<{
  /** PVE and PBS: 401 (3 s on a real server) */
  unauthorized: number;
  /** PBS: 403 (0.5 s) */
  forbidden: number;
  /** both: a lock that is not had (10 s) */
  lock: number;
}>;

export type PveHost = Readonly<{
  state: PveState;
  tasks: Tasks;
  board: FaultBoard;
  chance: Chance;
  secrets: Shelf;
  tickets: Tickets;
  delays: Delays;
  /** epoch milliseconds */
  now: () => number;
  /** the simulated PBS at that address, where a finished backup appears */
  pbsAt: (server: string, port: number) => PbsHost | undefined;
}>;

export type PveCall = Readonly<{
  method: string;
  path: string;
  /** those in the path among them */
  params: Values;
  /** user or token */
  user: string;
}>;

export type Outcome = Readonly<{ data: unknown; total?: number }>;
export type PveHandler = (host: PveHost, call: PveCall) => Outcome | Promise<Outcome>;
export type PveHandlers = Readonly<Record<string, PveHandler>>;

export const answerWith = (data: unknown): Outcome => ({ data });
export const text = (params: Values, name: string): string | undefined =>
  params[name] === undefined ? undefined : String(params[name]);
export const required = (params: Values, name: string): string => String(params[name]);
