// Who a request to PBS is from (facts: pbs-api section 1): a ticket in a cookie, which wins, or a token in a header.
import type { Call } from '../front/call.ts';
import { cookie } from '../tickets.ts';
import type { PbsHost } from './host.ts';

const cookieNames = ['__Host-PBSAuthCookie', 'PBSAuthCookie'];

/** Undefined where the credentials do not hold; PBS does not say why. */
export function userOf(host: PbsHost, call: Call): string | undefined {
  const ticket = cookieNames.map((name) => cookie(call.headers.cookie, name)).find((value) => value !== undefined);
  return ticket === undefined ? tokenUser(host, call.headers.authorization) : ticketUser(host, call, ticket);
}

function ticketUser(host: PbsHost, call: Call, ticket: string): string | undefined {
  const found = host.tickets.valid(ticket);
  if (found === undefined || !isActive(host, found.user)) return undefined;
  return call.method === 'GET' || call.headers.csrfpreventiontoken === found.csrf ? found.user : undefined;
}

// A secret behind `=`, as PVE wants it, leaves an id that nobody has.
function tokenUser(host: PbsHost, header: string | undefined): string | undefined {
  const [, given = ''] = /^PBSAPIToken[= ](.*)$/s.exec(header ?? '') ?? [];
  const [id = '', encoded = ''] = given.split(/:(.*)/s);
  const token = host.state.tokens.find((one) => one.id === id);
  if (
    token === undefined ||
    token.enable === false ||
    isExpired(host, token.expire) ||
    !isActive(host, id.split('!')[0] ?? '')
  )
    return undefined;
  return host.secrets.reveal(`token ${id}`) === decoded(encoded) ? id : undefined;
}

function decoded(secret: string): string {
  try {
    return decodeURIComponent(secret);
  } catch {
    return secret;
  }
}

export function isActive(host: PbsHost, id: string): boolean {
  const user = host.state.users.find((one) => one.id === id);
  return user !== undefined && user.enable !== false && !isExpired(host, user.expire);
}

const isExpired = (host: PbsHost, expire = 0): boolean => expire !== 0 && expire * 1000 <= host.now();
