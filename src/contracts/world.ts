// What kinds are handed: the ports, already bound to the estate's servers and machines, and the clock. Kinds name ports by
// type only; main.ts builds the real world, tests build theirs.
import type { Machine } from '../machines/machine.ts';
import type { Identity } from '../model/step.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import type { Clock } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';

export interface World {
  readonly clock: Clock;
  /** the server of that name in the estate, spoken to with the rights of that identity */
  server(name: string, identity: Identity): Promise<ProxmoxApi>;
  machine(name: string): Machine;
  /** the secret behind a reference, for that audience only (`host:port`, or the name of a tool) */
  secret(reference: SecretReference, audience: string): Promise<Secret>;
}
