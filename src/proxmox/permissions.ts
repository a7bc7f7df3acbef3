// What our own login may do. Most missing rights do not show as a refusal but as missing rows (facts: pve-api section 12.4,
// pbs-api section 5): whoever relies on a list being whole asks here first.
import { type ApiPath, type CallOptions, type ProxmoxApi, path } from './api.ts';
import { isRow } from './decode.ts';

export type Privileges = ReadonlySet<string>;

/** Effective on that path, inherited ones included. */
export async function privilegesOn(api: ProxmoxApi, aclPath: string, options: CallOptions = {}): Promise<Privileges> {
  const permissions: ApiPath = path`/access/permissions`;
  const { data } = await api.get(permissions, { path: aclPath }, options);
  const held = isRow(data) ? data[aclPath] : undefined;
  return new Set(isRow(held) ? Object.keys(held) : []);
}

/** Alternatives are written as Proxmox does: `Datastore.Audit|Datastore.AllocateSpace`. */
export const missing = (held: Privileges, wanted: readonly string[]): readonly string[] =>
  wanted.filter((alternatives) => !alternatives.split('|').some((privilege) => held.has(privilege)));
