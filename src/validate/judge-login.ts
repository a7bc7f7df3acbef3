// What it means that a login could not be used. Pure.
import type { Fault } from '../fault.ts';
import type { Check, CheckName, CheckState } from './check.ts';

/** The server was understood, and what the estate says of it is not enough. Anything else only means that it could not be asked. */
const wrong =
  /^(?:credentials-refused|permission-missing|certificate-.*|secret-.*|url-unusable|object-not-found|parameter-refused)$/;

export const stateOf = ({ code }: Fault): CheckState => (wrong.test(code) ? 'wrong' : 'unreachable');

export function refusedLogin(login: string, fault: Fault): Check {
  if (fault.code === 'credentials-refused')
    return {
      check: 'login',
      state: 'wrong',
      seen: `${login} was not let in (401): ${fault.says}`,
      remedy: `see whether ${login} still exists there, is enabled and has not expired, and whether the secret is the one in the estate; ${renew(login)}`,
    };
  if (fault.code === 'permission-missing')
    return {
      check: 'login',
      state: 'wrong',
      seen: `${login} was let in, and may not do that (403): ${fault.says}`,
      remedy: fault.remedy,
    };
  return failed('login', fault);
}

const renew = (login: string): string =>
  login.includes('!')
    ? 'a token that is lost is made anew on the server, and its new secret put in place of the old'
    : 'log in with it on the server once';

export const failed = (check: CheckName, fault: Fault): Check => ({
  check,
  state: stateOf(fault),
  seen: fault.says,
  remedy: fault.remedy,
});
