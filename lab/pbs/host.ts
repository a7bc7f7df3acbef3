// What the calls of the PBS work with.
import type { HostParts } from '../host-parts.ts';
import type { Values } from './schema.ts';
import type { PbsState } from './state.ts';

export type PbsHost = HostParts &
  Readonly<{
    state: PbsState;
    /** the simulated PBS at that address, where pushed snapshots appear; without, it knows no other */
    peer?: (host: string, port: number) => PbsHost | undefined;
    /** of the certificate it shows; told by the node's status */
    fingerprint?: string;
  }>;

export type PbsCall = Readonly<{
  method: string;
  path: string;
  /** those in the path among them */
  params: Values;
  /** user or token; empty where the call is open to all */
  user: string;
}>;

/** `digest`, `total` and the like stand beside `data`; `plain` is a body that is no JSON. */
export type Outcome =
  | Readonly<{ data: unknown; beside?: Readonly<Record<string, unknown>>; cookie?: string }>
  | Readonly<{ plain: string }>;
export type PbsHandler = (host: PbsHost, call: PbsCall) => Outcome | Promise<Outcome>;
export type PbsHandlers = Readonly<Record<string, PbsHandler>>;

export const answerWith = (data: unknown, beside?: Readonly<Record<string, unknown>>): Outcome =>
  beside === undefined ? { data } : { data, beside };
export const text = (params: Values, name: string): string | undefined =>
  params[name] === undefined ? undefined : String(params[name]);
export const required = (params: Values, name: string): string => String(params[name]);
export const flag = (params: Values, name: string): boolean => params[name] === true;
/** The texts of a list, none where it was not given. */
export const list = (params: Readonly<Record<string, unknown>>, name: string): readonly string[] => {
  const value = params[name];
  return Array.isArray(value) ? value.map(String) : [];
};
export const secondsNow = (host: PbsHost): number => Math.floor(host.now() / 1000);
