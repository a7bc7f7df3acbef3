// The commands with which an administrator gives a login what it lacks, and takes from it what it need not have. A role on a
// deeper path replaces what came from above, in both products: so what is granted on a path is everything needed there. Pure.
import pbs from '../values/pbs-roles.json' with { type: 'json' };
import { quoted } from '../values/shell.ts';
import type { Need } from './needs.ts';
import pve from './privileges/pve-roles.json' with { type: 'json' };

type Product = 'pve' | 'pbs';
type Roles = Readonly<Record<string, readonly string[]>>;
const builtin: Readonly<Record<Product, Roles>> = { pve, pbs };

/** Whether what is granted on `above`, and passed down, reaches `path`. */
export const reaches = (above: string, path: string): boolean =>
  above === path || above === '/' || path.startsWith(`${above}/`);

const counts = (need: Pick<Need, 'path' | 'here'>, path: string): boolean =>
  need.path === path || (!need.here && reaches(need.path, path));

/** What the login must have on the path, its needs further up included. */
const wantedOn = (path: string, needs: readonly Need[]): readonly string[] =>
  [...new Set(needs.filter((need) => counts(need, path)).map(({ privilege }) => privilege))].sort();

/** The roles of PBS, which has no others, that bring all of them and the least beside. */
export function pbsRoles(privileges: readonly string[]): readonly string[] {
  const all = Object.entries(builtin.pbs);
  const pairs = all.flatMap(([one], index) => all.slice(index + 1).map(([other]) => [one, other]));
  const sets = [...all.map(([name]) => [name]), ...pairs].map((names) => ({ names, brings: broughtBy(names) }));
  const enough = sets.filter(({ brings }) => privileges.every((privilege) => brings.has(privilege)));
  // Sorting keeps the order of equals: a single role stands before a pair.
  return enough.sort((one, other) => one.brings.size - other.brings.size)[0]?.names ?? ['Admin'];
}

const broughtBy = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.flatMap((name) => builtin.pbs[name] ?? []));

const isHere = (path: string, needs: readonly Need[]): boolean =>
  needs.filter((need) => need.path === path).every(({ here }) => here);

/** What a login may have without being told that it is too much. */
export function allowed(product: Product, needs: readonly Need[]): (path: string, privilege: string) => boolean {
  const held = [...new Set(needs.map(({ path }) => path))].map((path) => {
    const wanted = wantedOn(path, needs);
    return {
      path,
      here: isHere(path, needs),
      brings: product === 'pve' ? new Set(wanted) : broughtBy(pbsRoles(wanted)),
    };
  });
  return (path, privilege) =>
    privilege.endsWith('.Audit') || held.some((one) => counts(one, path) && one.brings.has(privilege));
}

const userOf = (login: string): string => login.split('!')[0] ?? login;

/** A token has only what its user has too: both are given it. */
export function grantCommands(product: Product, login: string, path: string, needs: readonly Need[]): string {
  const logins = [...new Set([userOf(login), login])];
  const privileges = wantedOn(path, needs);
  const notBelow = isHere(path, needs) ? ` --propagate ${product === 'pbs' ? 'false' : '0'}` : '';
  if (product === 'pbs')
    return pbsRoles(privileges)
      .flatMap((role) =>
        logins.map((one) => `proxmox-backup-manager acl update ${path} ${role} --auth-id ${quoted(one)}${notBelow}`),
      )
      .join(' && ');
  const fitting = Object.entries(builtin.pve).find(
    ([, brings]) => brings.length === privileges.length && privileges.every((one) => brings.includes(one)),
  )?.[0];
  const role = fitting ?? roleName(login, path);
  const made = `(pveum role add ${role} --privs ${quoted(privileges.join(','))} || pveum role modify ${role} --privs ${quoted(privileges.join(','))})`;
  const given = logins.map(
    (one) => `pveum acl modify ${path} ${pveKind(one)} ${quoted(one)} --roles ${role}${notBelow}`,
  );
  return [...(fitting === undefined ? [made] : []), ...given].join(' && ');
}

const pveKind = (login: string): string => (login.includes('!') ? '--tokens' : '--users');

/** One role for each login and path, so that changing it touches nobody else: `Holdfast-ops-storage`. */
const roleName = (login: string, path: string): string =>
  ['Holdfast', (login.split('!')[1] ?? login.split('@')[0] ?? '').replaceAll(/[^A-Za-z0-9]/g, ''), ...path.split('/')]
    .filter((part) => part !== '')
    .map((part) => part.replaceAll(/[^A-Za-z0-9_.-]/g, ''))
    .join('-');

/** An entry of the server's access list, as far as one may see it. */
export type AclEntry = Readonly<{ path: string; login: string; role: string; brings: readonly string[] }>;

export type Surplus = Readonly<{
  product: Product;
  login: string;
  path: string;
  privilege: string;
  /** whether it reaches what lies below */
  down: boolean;
  needs: readonly Need[];
  /** undefined where the login may not see the list */
  acl: readonly AclEntry[] | undefined;
}>;

/** What is needed of the same role is granted by itself before the role goes. */
export function revokeCommands(surplus: Surplus): string {
  const { product, login, path, privilege, needs } = surplus;
  const entry = (surplus.acl ?? [])
    .filter((one) => one.login === login && reaches(one.path, path) && one.brings.includes(privilege))
    .sort((one, other) => other.path.length - one.path.length)[0];
  const [at, role] = [entry?.path ?? path, entry?.role ?? 'ROLE'];
  const lost = needs.filter(
    (need) =>
      (need.path === at || (surplus.down && reaches(at, need.path))) &&
      (entry?.brings.includes(need.privilege) ?? true),
  );
  const kept = [...new Set(lost.map((need) => need.path))].map((one) => grantCommands(product, login, one, needs));
  const revoke =
    product === 'pbs'
      ? `proxmox-backup-manager acl update ${at} ${role} --auth-id ${quoted(login)} --delete true`
      : `pveum acl modify ${at} ${pveKind(login)} ${quoted(login)} --roles ${role} --delete 1`;
  const list = product === 'pbs' ? 'proxmox-backup-manager acl list' : 'pveum acl list';
  // A list that can be seen and does not have it: a token of PVE may simply have all that its user has.
  const whole =
    product === 'pve' && surplus.acl !== undefined && login.includes('!')
      ? `; none there: \`pveum user token modify ${login.replace('!', ' ')} --privsep 1\``
      : '';
  const which = entry === undefined ? ` (ROLE: the one that \`${list}\` shows for it on ${at} or above${whole})` : '';
  return `${[...kept, revoke].join(' && ')}${which}`;
}
