// What was looked at, one by one: what was seen, and what to do where it is not as it should be.
import type { Identity } from '../model/step.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';

export type CheckName =
  | 'DNS'
  | 'port'
  | 'TLS'
  | 'certificate'
  | 'login'
  | 'identities'
  | 'privileges'
  | 'datastore'
  | 'namespace'
  | 'node'
  | 'cluster'
  | 'scan'
  | 'backups';

/**
 * `wrong`: it was seen, and is not as declared or not enough. `unreachable`: it could not be seen, since something is down or
 * not found from here. `skipped`: it was not looked at, and `seen` says why.
 */
export type CheckState = 'good' | 'warning' | 'wrong' | 'unreachable' | 'skipped';

export type Check = Readonly<{
  check: CheckName;
  state: CheckState;
  /** from where, if not from this machine: `ruapehu/hikurangi`, the PVE server and its node */
  from?: string;
  seen: string;
  remedy?: string;
  /** of a login: what it is used for */
  identities?: readonly Identity[];
  /** what is missing on a path, or too much there */
  privileges?: PrivilegeSeen;
}>;

export type PrivilegeSeen = Readonly<{
  login: string;
  path: string;
  privileges: readonly string[];
  problem: 'missing' | 'too much';
  /** who needs it; empty where it is too much */
  identities: readonly Identity[];
  /** the kinds of declared things that need it; `reading` for what every command needs */
  kinds: readonly string[];
}>;

export type Judgement = 'valid' | 'warning' | 'invalid' | 'not reachable' | 'disabled';

export type Looked = Readonly<{
  kind: 'server' | 'storage';
  product: 'pve' | 'pbs';
  subject: Ref;
  name: string;
  /** of a storage: the PVE servers it is for; several of one name differ in it */
  on?: readonly string[];
  /** of a storage: the PBS of the estate that it leads to */
  leadsTo?: string;
  /** `host:port`, or `pvesh` */
  address: string;
  verdict: Judgement;
  checks: readonly Check[];
}>;

export type Validation = Readonly<{
  at: Instant;
  servers: readonly Looked[];
  storages: readonly Looked[];
}>;

export function verdictOf(checks: readonly Check[]): Judgement {
  const has = (state: CheckState) => checks.some((check) => check.state === state);
  if (has('wrong')) return 'invalid';
  if (has('unreachable')) return 'not reachable';
  return has('warning') ? 'warning' : 'valid';
}

export const isFailed = ({ verdict }: Looked): boolean => verdict === 'invalid' || verdict === 'not reachable';

/** The state of one kind of check among several: the worst. */
export function worst(checks: readonly Check[], name: CheckName): CheckState | undefined {
  const states = checks.filter(({ check }) => check === name).map(({ state }) => state);
  return (['wrong', 'unreachable', 'warning', 'good', 'skipped'] as const).find((state) => states.includes(state));
}
