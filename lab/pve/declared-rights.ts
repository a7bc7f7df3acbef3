// The rights that a method declares in the published description, judged in PVE's own way.
import type { PvePermission } from '../contract/contract.ts';
import type { PveHost } from './host.ts';
import { lacksRight, PveRefusal } from './refusal.ts';
import { type Login, may, need } from './rights.ts';

/** Of the path, or sent. */
type Given = Readonly<Record<string, string>>;
type Check = readonly unknown[];

/**
 * `["perm", "/storage/{storage}", ["Datastore.Audit", ...], "any", 1]` (without `any` all of them are needed), several of
 * those under `and` or `or`, and the three that are about users and paths of rights.
 */
export function needDeclared(host: PveHost, login: Login, permission: PvePermission | null, given: Given): void {
  if (permission?.check !== undefined) judge(host, login, permission.check, given);
}

function judge(host: PveHost, login: Login, check: Check, given: Given): void {
  const [kind, ...rest] = check;
  if (kind === 'and') for (const one of rest as Check[]) judge(host, login, one, given);
  else if (kind === 'or') anyOf(host, login, rest as Check[], given);
  else if (kind === 'perm') onPath(host, login, rest, given);
  else if (kind === 'perm-modify') toGrant(host, login, filled(String(rest[0]), given));
  else if (kind === 'userid-group') overUser(host, login, rest, given);
  else if (kind === 'userid-param') overRealm(host, login, String(rest[0]), given);
  else throw new Error(`the lab cannot judge the permission ${JSON.stringify(check)}`);
}

const filled = (template: string, given: Given): string =>
  template.replace(/\{([^}]+)\}/g, (_, name: string) => given[name] ?? '');

function onPath(host: PveHost, login: Login, rest: Check, given: Given): void {
  const [template, privileges, any] = rest as [string, string[], string?];
  const path = filled(template, given);
  if (any === 'any') need(host, login, path, ...privileges);
  else for (const privilege of privileges) need(host, login, path, privilege);
}

/** Where none holds, the last one says why. */
function anyOf(host: PveHost, login: Login, checks: readonly Check[], given: Given): void {
  let refused: unknown;
  for (const check of checks) {
    try {
      judge(host, login, check, given);
      return;
    } catch (thrown) {
      if (!(thrown instanceof PveRefusal)) throw thrown;
      refused = thrown;
    }
  }
  throw refused;
}

const ownerOf: readonly (readonly [RegExp, string])[] = [
  [/^\/storage\/.+$/, 'Datastore.Allocate'],
  [/^\/vms\/.+$/, 'VM.Allocate'],
  [/^\/pool\/.+$/, 'Pool.Allocate'],
];

/** Whoever may give rights there: by the right to give any, or as one who may make the thing itself. */
function toGrant(host: PveHost, login: Login, path: string): void {
  const own = ownerOf.filter(([where]) => where.test(path)).map(([, privilege]) => privilege);
  need(host, login, path, 'Permissions.Modify', ...own);
}

// The lab has no groups: the right over all of them is the only one over a user.
function overUser(host: PveHost, login: Login, [privileges, , mode]: Check, { userid = '' }: Given): void {
  if (mode !== 'create' && !host.state.users.some(({ id }) => id === userid))
    throw new PveRefusal(403, `user '${userid}' does not exist\n`);
  need(host, login, '/access/groups', ...(privileges as string[]));
}

function overRealm(host: PveHost, login: Login, wanted: string, { userid = '' }: Given): void {
  // A token is not its user.
  if (wanted === 'self') {
    if (login.user !== userid) throw lacksRight('/access', ['self']);
    return;
  }
  const path = `/access/realm/${userid.split('@').at(-1) ?? ''}`;
  if (!may(host, login, path, wanted)) throw lacksRight(path, [wanted]);
}
