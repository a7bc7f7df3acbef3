// What kinds are handed: the ports, already bound to the estate's servers and machines, and the clock. Kinds name ports by
// type only; main.ts builds the real world, tests build theirs.
import type { Kubernetes } from '../machines/kubernetes.ts';
import type { Machine } from '../machines/machine.ts';
import type { Identity } from '../model/step.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import type { Digest, Json } from '../values/canonical.ts';
import type { Clock, Instant } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';

export interface World {
  readonly clock: Clock;
  /** the server of that name in the estate, spoken to with the rights of that identity */
  server(name: string, identity: Identity): Promise<ProxmoxApi>;
  machine(name: string): Machine;
  kubernetes(name: string): Kubernetes;
  /** the secret behind a reference, for that audience only (`host:port`, or the name of a tool) */
  secret(reference: SecretReference, audience: string): Promise<Secret>;
  /** writes a secret that a server made to the file it is to be kept in: 0600, on the disk when it returns */
  keepSecret(reference: SecretReference, secret: Secret): Promise<void>;
  /** what lies in that file is of another thing: it is kept beside it, as `NAME.old`; nothing where there is none */
  setAsideSecret(reference: SecretReference): Promise<void>;
  /** what tells later whether a secret is still the one that was written, and says nothing else of it */
  keyedDigest(secret: Secret): Promise<Digest>;
  /** what an earlier run of this estate remembered under that name, and when: an inventory for the day the cluster is down */
  recall(what: string): Remembered | undefined;
  /** durable when it returns; replaces what was remembered before. Never a secret */
  remember(what: string, value: Json): void;
}

export type Remembered = Readonly<{ value: Json; at: Instant }>;
