// PVE's rights: those a method declares, and those a call asks for once it knows the values.
import { type Held, heldBy } from '../rights.ts';
import type { PveHost } from './host.ts';
import { badParameters, lacksRight, PveRefusal } from './refusal.ts';

export type Login = Readonly<{ user: string }>;

// What a pool allows reaches its members.
const poolsAt = (host: PveHost) => (path: string) => {
  const vmid = Number(/^\/vms\/(\d+)$/.exec(path)?.[1]);
  return host.state.pools.filter(({ members }) => members.includes(vmid)).map(({ id }) => `/pool/${id}`);
};

export const rightsOn = (host: PveHost, user: string, path: string): Held =>
  heldBy({ ...host.state, alsoAt: poolsAt(host) }, user, path);

/** One of the privileges is enough. */
export const may = (host: PveHost, { user }: Login, path: string, ...privileges: readonly string[]): boolean => {
  const held = rightsOn(host, user, path);
  return privileges.some((privilege) => held[privilege] !== undefined);
};

export function need(host: PveHost, login: Login, path: string, ...privileges: readonly string[]): void {
  if (!may(host, login, path, ...privileges)) throw lacksRight(path, privileges);
}

/** Compared with the name itself: root's tokens are not root (facts: pve-api section 1). */
export function onlyRootMaySet(login: Login, given: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const set = names.filter((name) => given[name] !== undefined);
  if (login.user !== 'root@pam' && set.length > 0)
    throw badParameters(Object.fromEntries(set.map((name) => [name, 'Only root may set this option.'])));
}

export function needPool(host: PveHost, login: Login, pool: string): void {
  if (!host.state.pools.some(({ id }) => id === pool))
    throw new PveRefusal(403, `Permission check failed (pool '${pool}' does not exist)\n`);
  need(host, login, `/pool/${pool}`, 'VM.Backup');
}
