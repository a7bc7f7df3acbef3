// What the calls of a PVE host work with.
import type { HostParts } from '../host-parts.ts';
import type { PbsHost } from '../pbs/host.ts';
import type { Values } from './schema.ts';
import type { PveState } from './state.ts';

export type PveHost = HostParts &
  Readonly<{
    state: PveState;
    /** of its certificate, as the list of nodes shows it */
    fingerprint: string;
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
