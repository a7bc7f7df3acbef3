// /access: a login by password, and what a login may do (facts: pve-api section 1).
import { userOfToken } from '../rights.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { isActive } from './login.ts';
import { PveRefusal } from './refusal.ts';
import { need, rightsOn } from './rights.ts';

// Asked for without a path, PVE answers for these and for every path that an entry names.
const topPaths = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];

const flags = (host: PveHost, user: string, path: string): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(rightsOn(host, user, path)).map(([name, down]) => [name, down ? 1 : 0]));

function askedAbout(host: PveHost, call: PveCall): string {
  const user = text(call.params, 'userid') ?? call.user;
  if (user !== call.user && userOfToken(user) !== call.user) need(host, call, '/access', 'Sys.Audit');
  return user;
}

function login(host: PveHost, { params }: PveCall): string {
  const given = required(params, 'username');
  const realm = text(params, 'realm');
  const user = given.includes('@') || realm === undefined ? given : `${given}@${realm}`;
  const word = required(params, 'password');
  const renewed = host.tickets.valid(word)?.user === user;
  if (!isActive(host, user) || !(renewed || host.secrets.reveal(`password ${user}`) === word))
    throw new PveRefusal(401, 'authentication failure', { plain: true });
  return user;
}

export const access: PveHandlers = {
  'POST /access/ticket': (host, call) => {
    const { user, ticket, csrf } = host.tickets.issue(login(host, call));
    return answerWith({ username: user, ticket, CSRFPreventionToken: csrf });
  },
  'GET /access/permissions': (host, call) => {
    const user = askedAbout(host, call);
    const path = text(call.params, 'path');
    if (path !== undefined) return answerWith({ [path]: flags(host, user, path) });
    const paths = [...new Set([...topPaths, ...host.state.acl.map((entry) => entry.path)])];
    const held = paths.map((one) => [one, flags(host, user, one)] as const);
    return answerWith(Object.fromEntries(held.filter(([, rights]) => Object.keys(rights).length > 0)));
  },
};
