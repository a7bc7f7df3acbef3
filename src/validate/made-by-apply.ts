// What the estate itself makes on a PBS is not wrong for not being there yet: `apply` makes it. Pure.
import type { Fault } from '../fault.ts';
import type { Made, StorageAsked } from './asked.ts';
import type { Check, CheckName } from './check.ts';
import { refusedLogin } from './judge-login.ts';

export const nothingMade: Made = { login: false, datastore: false, namespace: false, may: () => new Set() };

export const notYet = (check: CheckName, seen: string): Check => ({
  check,
  state: 'warning',
  seen,
  remedy: 'the estate declares it: `holdfast apply` makes it',
});

/** A token that has no secret yet was never made, or is made anew; one that is refused may be another one. */
export function loginOf({ username, made }: StorageAsked, fault: Fault): Check {
  const refused = refusedLogin(username, fault);
  if (!made.login) return refused;
  if (fault.code === 'secret-missing') return notYet('login', `${username} has no secret yet: ${fault.says}`);
  if (fault.code !== 'credentials-refused') return refused;
  return {
    ...refused,
    remedy: `where it is not there yet, \`holdfast apply\` makes it, as the estate declares; else ${refused.remedy}`,
  };
}

/** A right that the estate gives is neither missing for long, nor taken away on the server. */
export function withRightsMade({ made }: StorageAsked, check: Check): Check {
  const { privileges } = check;
  if (privileges === undefined) return check;
  const given = made.may(privileges.path);
  if (!privileges.privileges.every((one) => given.has(one))) return check;
  if (privileges.problem === 'missing') return { ...check, ...notYet(check.check, check.seen) };
  return {
    ...check,
    remedy:
      'the estate gives it: narrow the `path` of that entry of `acl`, or take it out, then `holdfast apply --prune`',
  };
}
