// Logs in and asks what this login may do.
import { asFault } from '../fault.ts';
import { type ProxmoxApi, path } from '../proxmox/api.ts';
import { flag, isRow, rows, text } from '../proxmox/decode.ts';
import { datastores } from '../proxmox/pbs.ts';
import { privilegesOn } from '../proxmox/permissions.ts';
import { versionOf } from '../proxmox/version.ts';
import pbsRoles from '../values/pbs-roles.json' with { type: 'json' };
import { type LoginAsked, type Opened, type Ports, patience, type ServerAsked } from './asked.ts';
import type { Check } from './check.ts';
import type { AclEntry } from './grant.ts';
import { failed, refusedLogin } from './judge-login.ts';
import { type Held, judgePrivileges } from './judge-privileges.ts';
import { type Holder, mayOf, type Need, needsOf, reading, type Thing } from './needs.ts';

const options = { timeout: patience } as const;

export type LoginLooked = Readonly<{ checks: readonly Check[]; api: Opened | undefined; login: LoginAsked }>;

export async function lookAtLogin(server: ServerAsked, login: LoginAsked, ports: Ports): Promise<LoginLooked> {
  let api: Opened | undefined;
  try {
    api = await ports.open(server, login);
    const version = await versionOf(api, options);
    const says = { product: server.product.toUpperCase(), as: login.identities.join(', ') };
    const let_in: Check = {
      check: 'login',
      state: 'good',
      seen: `${login.id} is let in (${says.as}) by ${says.product} ${version.text}`,
    };
    const things = await withAbsent(api, server.things);
    const privileges = await lookAtPrivileges(api, {
      product: server.product,
      login: login.id,
      holders: login.identities,
      things: [reading, ...things],
    });
    return { checks: [let_in, ...privileges], api, login };
  } catch (error) {
    return {
      checks: [{ ...refusedLogin(login.id, asFault(error, server.name)), identities: login.identities }],
      api,
      login,
    };
  }
}

/** A datastore that is not there yet is made, which needs more than a change of one that is. What may not be seen may be there. */
async function withAbsent(api: ProxmoxApi, things: readonly Thing[]): Promise<readonly Thing[]> {
  if (!things.some(({ kind }) => kind === 'pbs-datastore')) return things;
  const there = new Set((await datastores(api, options)).entries.map(({ name }) => name));
  return Promise.all(
    things.map(async (thing) => {
      const name = String(thing.fields['name']);
      if (thing.kind !== 'pbs-datastore' || there.has(name)) return thing;
      const sees = (await privilegesOn(api, `/datastore/${name}`, options)).has('Datastore.Audit');
      return { ...thing, fields: { ...thing.fields, absent: sees } };
    }),
  );
}

export type Asking = Readonly<{
  product: 'pve' | 'pbs';
  login: string;
  holders: readonly Holder[];
  things: readonly Thing[];
  /** what else the login is for: not looked for here, and not too much either */
  beside?: readonly Thing[];
}>;

export async function lookAtPrivileges(
  api: ProxmoxApi,
  { product, login, holders, things, beside = [] }: Asking,
): Promise<readonly Check[]> {
  const needs = needsOf(product, holders, things);
  const others = needsOf(product, holders, beside);
  const seen = { product, login, needs, others, may: mayOf(product, holders), acl: undefined };
  try {
    const held = await heldBy(api, needs);
    const checks = judgePrivileges({ ...seen, held });
    if (!checks.some(({ privileges }) => privileges?.problem === 'too much')) return checks;
    return judgePrivileges({ ...seen, held, acl: await aclOf(api) });
  } catch (error) {
    return [failed('privileges', asFault(error, login))];
  }
}

/** All it tells unasked, and each needed path for certain: a path without any right is left out of the list. */
async function heldBy(api: ProxmoxApi, needs: readonly Need[]): Promise<Held> {
  const all = permissionsIn((await api.get(path`/access/permissions`, {}, options)).data);
  const unknown = [...new Set(needs.map((need) => need.path))].filter((one) => all[one] === undefined);
  const asked = await Promise.all(
    unknown.map(async (one) => permissionsIn((await api.get(path`/access/permissions`, { path: one }, options)).data)),
  );
  return Object.assign({}, all, ...asked);
}

const permissionsIn = (data: unknown): Held =>
  Object.fromEntries(
    Object.entries(isRow(data) ? data : {}).map(([at, held]) => [
      at,
      Object.fromEntries(Object.entries(isRow(held) ? held : {}).map(([privilege, down]) => [privilege, flag(down)])),
    ]),
  );

/** Undefined where this login may not see it: then the role is not named in the command. */
async function aclOf(api: ProxmoxApi): Promise<readonly AclEntry[] | undefined> {
  try {
    const { data } = await api.get(path`/access/acl`, {}, options);
    const brought: Readonly<Record<string, readonly string[]>> = api.product === 'pbs' ? pbsRoles : await pveRoles(api);
    return rows(api, 'access list', data).map((entry) => {
      const role = text(entry['roleid']) ?? '';
      return { path: text(entry['path']) ?? '', login: text(entry['ugid']) ?? '', role, brings: brought[role] ?? [] };
    });
  } catch {
    return undefined;
  }
}

async function pveRoles(api: ProxmoxApi): Promise<Readonly<Record<string, readonly string[]>>> {
  const { data } = await api.get(path`/access/roles`, {}, options);
  const named = rows(api, 'roles', data).map((entry) => [
    text(entry['roleid']) ?? '',
    (text(entry['privs']) ?? '').split(','),
  ]);
  return Object.fromEntries(named);
}
