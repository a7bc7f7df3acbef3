// Who a request to PVE is from (facts: pve-api section 1): a token in a header, or a ticket in a cookie.
import type { Call } from '../front/call.ts';
import { cookie } from '../tickets.ts';
import type { PveHost } from './host.ts';

export type Login = Readonly<{ user: string }> | Readonly<{ refused: string }>;

const noTicket = 'No ticket';
const failed = 'Authentication failed!';

export function loginOf(host: PveHost, call: Call): Login {
  const header = call.headers.authorization;
  const ticket = cookie(call.headers.cookie, 'PVEAuthCookie');
  if (header?.startsWith('PVEAPIToken=')) return tokenLogin(host, header.slice('PVEAPIToken='.length));
  if (ticket === undefined) return { refused: noTicket };
  const found = host.tickets.valid(ticket);
  if (found === undefined) return { refused: 'permission denied - invalid PVE ticket' };
  if (call.method !== 'GET' && call.headers.csrfpreventiontoken !== found.csrf)
    return { refused: 'Permission denied - invalid csrf token' };
  return isActive(host, found.user) ? { user: found.user } : { refused: failed };
}

// The id ends at the first `=`: a secret behind a colon, as PBS wants it, is part of no id that exists.
function tokenLogin(host: PveHost, given: string): Login {
  const [id = '', secret = ''] = given.split(/=(.*)/s);
  const token = host.state.tokens.find((one) => one.id === id);
  const usable = token?.enable === true && !isExpired(token.expire, host) && isActive(host, id.split('!')[0] ?? '');
  return usable && host.secrets.reveal(`token ${id}`) === secret ? { user: id } : { refused: failed };
}

export function isActive(host: PveHost, id: string): boolean {
  const user = host.state.users.find((one) => one.id === id);
  return user?.enable === true && !isExpired(user.expire, host);
}

const isExpired = (expire: number, { now }: PveHost): boolean => expire !== 0 && expire * 1000 <= now();
