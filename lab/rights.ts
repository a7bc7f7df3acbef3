// Who may do what: both products walk the same way from `/` down, and a node with a role for that login replaces what came
// from above (facts: pbs-api section 7; PVE does the same). Only the tables of roles differ, and PVE's pools.

export type AclEntry = { path: string; authId: string; role: string; propagate: boolean };
export type Token = {
  /** USER@REALM!NAME */
  id: string;
  /** false: the token has its user's rights (PVE only; PBS always separates) */
  privsep: boolean;
  enable: boolean;
  /** epoch seconds, 0 for never */
  expire: number;
  comment?: string;
};
export type User = {
  id: string;
  enable: boolean;
  expire: number;
  comment?: string;
  email?: string;
  firstname?: string;
  lastname?: string;
};
export type Roles = Readonly<Record<string, readonly string[]>>;
/** Each privilege, and whether it reaches further down. */
export type Held = Readonly<Record<string, boolean>>;

export type RightsParts = Readonly<{
  acl: readonly AclEntry[];
  tokens: readonly Readonly<{ id: string; privsep?: boolean }>[];
  roles: Roles;
  /** other paths whose rights are added, such as the pool of a guest */
  alsoAt?: (path: string) => readonly string[];
}>;

export const userOfToken = (authId: string): string => authId.split('!')[0] ?? authId;

/** What the entries give one login, taken by itself. */
function grantedTo(parts: RightsParts, authId: string, path: string): Held {
  let held: Record<string, boolean> = {};
  for (const node of ancestry(path)) {
    const here = parts.acl.filter((entry) => entry.authId === authId && normal(entry.path) === node);
    const counted = here.filter((entry) => entry.propagate || node === path);
    if (counted.length === 0) continue;
    held = {};
    if (counted.some(({ role }) => role === 'NoAccess')) continue;
    for (const { role, propagate } of counted)
      for (const privilege of parts.roles[role] ?? []) held[privilege] = propagate || held[privilege] === true;
  }
  return held;
}

export const normal = (path: string): string =>
  `/${path
    .split('/')
    .filter((part) => part !== '')
    .join('/')}`;

function ancestry(path: string): readonly string[] {
  const names = normal(path)
    .split('/')
    .filter((part) => part !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
}

/** Effective: a token has what both it and its user have; root@pam itself has everything. */
export function heldBy(parts: RightsParts, authId: string, path: string): Held {
  const at = normal(path);
  const user = userOfToken(authId);
  if (authId === 'root@pam') return everything(parts.roles);
  const own = union(parts, authId, at);
  if (authId === user) return own;
  const ofUser = user === 'root@pam' ? everything(parts.roles) : union(parts, user, at);
  if (parts.tokens.find(({ id }) => id === authId)?.privsep === false) return ofUser;
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, down]) => {
      const users = ofUser[name];
      return users === undefined ? [] : [[name, down && users]];
    }),
  );
}

function union(parts: RightsParts, authId: string, path: string): Held {
  const found: Record<string, boolean> = { ...grantedTo(parts, authId, path) };
  for (const other of parts.alsoAt?.(path) ?? [])
    for (const [name, down] of Object.entries(grantedTo(parts, authId, other)))
      found[name] = down || found[name] === true;
  return found;
}

const everything = (roles: Roles): Held =>
  Object.fromEntries([...new Set(Object.values(roles).flat())].map((name) => [name, true]));
