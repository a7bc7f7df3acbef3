// What validation is handed: plain values of the estate, and the ports it asks through.
import type { Token } from '../model/estate.ts';
import type { Identity } from '../model/step.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import type { Reach } from '../proxmox/reach.ts';
import { type Duration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { Way } from './judge-way.ts';
import type { Thing } from './needs.ts';

export type LoginAsked = Readonly<{
  /** `USER@REALM` or `USER@REALM!TOKEN` */
  id: string;
  secret: SecretReference;
  identities: readonly Identity[];
}>;

export type ServerAsked = Readonly<{
  product: 'pve' | 'pbs';
  name: string;
  url: string;
  /** undefined: through pvesh on this node */
  way: Way | undefined;
  logins: readonly LoginAsked[];
  things: readonly Thing[];
}>;

/** What the estate declares on the PBS that a storage leads to. */
export type Made = Readonly<{
  login: boolean;
  datastore: boolean;
  namespace: boolean;
  /** what the login may do at a path by what the estate gives, and by nothing else */
  may(path: string): ReadonlySet<string>;
}>;

export type StorageAsked = Readonly<{
  name: string;
  way: Way;
  /** the PBS of the estate that it leads to */
  leadsTo?: string | undefined;
  datastore: string;
  namespace: string;
  username: string;
  secret: SecretReference | undefined;
  /** what PVE is to remove by itself */
  prunes: boolean;
  /** what the estate itself makes of it on the PBS */
  made: Made;
  /** what other storages do there with the same login */
  beside: readonly Thing[];
  enabled: boolean;
  /** all of them where it is empty */
  nodes: readonly string[];
  /** names of PVE servers */
  on: readonly string[];
}>;

export type Opened = ProxmoxApi & AsyncDisposable;

export type Ports = Readonly<{
  clock: Clock;
  reach: Reach;
  /** nothing is sent before the first call, and nothing at all to a certificate that does not match */
  open(to: Pick<ServerAsked, 'product' | 'name' | 'url' | 'way'>, login: Token): Promise<Opened>;
  pvesh(server: string): Promise<Opened>;
  secret(reference: SecretReference, audience: string): Promise<Secret>;
}>;

/** For each thing that is asked, by itself. */
export const patience: Duration = seconds(5);

/** As a secret for it is bound: `10.10.0.10:8007`, `[fd00::1]:8007`. */
export const audienceOf = ({ host, port }: Pick<Way, 'host' | 'port'>): string =>
  `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
