// PBS's rights: those a method declares, and those a call asks for once it knows what it is about.
import type { PbsPermission } from '../contract/contract.ts';
import { type Held, heldBy } from '../rights.ts';
import type { PbsHost } from './host.ts';
import { forbidden } from './refusal.ts';

type Login = Readonly<{ user: string }>;

/** PBS always separates a token from its user, so nothing has to be known of the tokens themselves. */
export const held = ({ state }: PbsHost, who: string, path: string): Held =>
  heldBy({ acl: state.acl, roles: state.roles, tokens: [] }, who, path);

/** One of the privileges is enough. */
export const may = (host: PbsHost, { user }: Login, path: string, ...privileges: readonly string[]): boolean => {
  const rights = held(host, user, path);
  return privileges.some((privilege) => rights[privilege] !== undefined);
};

export function needDeclared(
  host: PbsHost,
  login: Login,
  permission: PbsPermission | null,
  inPath: Readonly<Record<string, string>>,
): void {
  if (!allows(host, login, permission, inPath)) throw forbidden();
}

type Declared = PbsPermission & Readonly<{ and?: readonly PbsPermission[] }>;

// Without a declaration PBS lets root alone.
function allows(
  host: PbsHost,
  login: Login,
  permission: Declared | null,
  inPath: Readonly<Record<string, string>>,
): boolean {
  if (permission === null) return login.user === 'root@pam';
  const { check, or, and, user, userParam } = permission;
  if (and !== undefined) return and.every((one) => allows(host, login, one, inPath));
  if (or !== undefined) return or.some((one) => allows(host, login, one, inPath));
  if (userParam !== undefined) return inPath[userParam] === login.user;
  if (check === undefined) return user === 'all' || user === 'world';
  const path = `/${check.path.map((part) => part.replace(/^\{(.+)\}$/, (_, name: string) => inPath[name] ?? '')).join('/')}`;
  return check.partial
    ? may(host, login, path, ...check.privs)
    : check.privs.every((privilege) => may(host, login, path, privilege));
}
