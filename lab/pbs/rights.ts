// PBS's rights: those a method declares, and those a call asks for once it knows what it is about.
import type { PbsPermission } from '../contract/contract.ts';
import { heldBy } from '../rights.ts';
import type { PbsHost } from './host.ts';
import { forbidden } from './refusal.ts';

type Login = Readonly<{ user: string }>;

/** One of the privileges is enough. */
export const may = (host: PbsHost, { user }: Login, path: string, ...privileges: readonly string[]): boolean => {
  const held = heldBy(host.state, user, path);
  return privileges.some((privilege) => held[privilege] !== undefined);
};

export function needDeclared(
  host: PbsHost,
  login: Login,
  permission: PbsPermission | null,
  inPath: Readonly<Record<string, string>>,
): void {
  if (!allows(host, login, permission, inPath)) throw forbidden();
}

// Without a declaration PBS lets root alone.
function allows(
  host: PbsHost,
  login: Login,
  permission: PbsPermission | null,
  inPath: Readonly<Record<string, string>>,
): boolean {
  if (permission === null) return login.user === 'root@pam';
  const { check, or, user, userParam } = permission;
  if (or !== undefined) return or.some((one) => allows(host, login, one, inPath));
  if (userParam !== undefined) return inPath[userParam] === login.user;
  if (check === undefined) return user === 'all' || user === 'world';
  const path = `/${check.path.map((part) => part.replace(/^\{(.+)\}$/, (_, name: string) => inPath[name] ?? '')).join('/')}`;
  return check.partial
    ? may(host, login, path, ...check.privs)
    : check.privs.every((privilege) => may(host, login, path, privilege));
}
