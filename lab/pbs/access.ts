// /access: logins by password, who there is, and what each may do (facts: pbs-api sections 1, 7).
import { type AclEntry, heldBy, normal, type Token, type User, userOfToken } from '../rights.ts';
import { digestOf } from './config-file.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { isActive } from './login.ts';
import { badRequest, PbsRefusal } from './refusal.ts';
import { may } from './rights.ts';
import type { Values } from './schema.ts';

function knows(host: PbsHost, params: Values): boolean {
  const user = required(params, 'username');
  const word = text(params, 'password');
  if (word === undefined || params['tfa-challenge'] !== undefined || !isActive(host, user)) return false;
  // A ticket that still holds is as good as the password.
  return host.tickets.valid(word)?.user === user || host.secrets.reveal(`password ${user}`) === word;
}

function ticketFor(host: PbsHost, { params }: PbsCall): Outcome {
  if (!knows(host, params)) throw new PbsRefusal(401, 'permission check failed.');
  const username = required(params, 'username');
  const path = text(params, 'path');
  if (path !== undefined) {
    // With a path it is a question whether that ticket allows something there, and no new one is made.
    const privileges = (text(params, 'privs') ?? '').split(',').filter((one) => one !== '');
    if (!privileges.every((one) => may(host, { user: username }, path, one)))
      throw new PbsRefusal(401, 'permission check failed.');
    return answerWith({ username });
  }
  const { ticket, csrf } = host.tickets.issue(username);
  if (params['http-only'] !== true) return answerWith({ username, ticket, CSRFPreventionToken: csrf });
  const cookie = `__Host-PBSAuthCookie=${encodeURIComponent(ticket)}; Secure; SameSite=Lax; HttpOnly; Path=/;`;
  const info = ticket.replace(/::.*$/s, '::ticketinfo');
  return { data: { username, 'ticket-info': info, CSRFPreventionToken: csrf }, cookie };
}

const isToken = (login: string): boolean => login.includes('!');
const isOwnToken = (login: string, other: string): boolean => !isToken(login) && other.startsWith(`${login}!`);

/** A token is never "self" with its user, but it is with itself. */
function askedAbout(host: PbsHost, call: PbsCall): string {
  const whom = text(call.params, 'auth-id') ?? call.user;
  if (whom !== call.user && !isOwnToken(call.user, whom) && !may(host, call, '/access', 'Sys.Audit'))
    throw badRequest(`not allowed to list permissions of ${whom}`);
  return whom;
}

const topPaths = ['/', '/access', '/datastore', '/remote', '/system', '/tape'];

const shownAcl = ({ path, authId, role, propagate }: AclEntry) => ({
  path: normal(path),
  ugid: authId,
  ugid_type: 'user',
  roleid: role,
  propagate,
});

function isWithin(path: string, { params }: PbsCall): boolean {
  const wanted = text(params, 'path');
  if (wanted === undefined) return true;
  const top = normal(wanted);
  const inside = top === '/' || path.startsWith(`${top}/`);
  return path === top || (params['exact'] !== true && inside);
}

const shownToken = ({ id, enable, expire, comment }: Token) => ({
  tokenid: id,
  ...(comment === undefined ? {} : { comment }),
  enable,
  expire,
});
const shownUser = ({ id, enable, expire, comment }: User) => ({
  userid: id,
  ...(comment === undefined ? {} : { comment }),
  enable,
  expire,
});
const tokensOf = ({ state }: PbsHost, user: string): readonly Token[] =>
  state.tokens.filter(({ id }) => userOfToken(id) === user);
const ofUsers = (host: PbsHost, data: unknown): Outcome => answerWith(data, { digest: digestOf(host, 'user') });

export const access: PbsHandlers = {
  'POST /access/ticket': ticketFor,
  'GET /access/permissions': (host, call) => {
    const whom = askedAbout(host, call);
    const only = text(call.params, 'path');
    const paths =
      only === undefined ? [...topPaths, ...host.state.acl.map(({ path }) => normal(path))] : [normal(only)];
    const held = [...new Set(paths)].map((path) => [path, heldBy(host.state, whom, path)] as const);
    return answerWith(Object.fromEntries(held.filter(([, rights]) => Object.keys(rights).length > 0)));
  },
  'GET /access/acl': (host, call) => {
    const all = may(host, call, '/access/acl', 'Sys.Audit');
    const seen = host.state.acl.filter(
      (entry) => isWithin(normal(entry.path), call) && (all || isOwnToken(call.user, entry.authId)),
    );
    return answerWith(host.chance.shuffled(seen).map(shownAcl), { digest: digestOf(host, 'acl') });
  },
  'GET /access/users': (host, call) => {
    const all = may(host, call, '/access/users', 'Sys.Audit');
    const seen = host.state.users.filter(({ id }) => all || id === userOfToken(call.user));
    const rows = seen.map((user) => {
      const tokens = tokensOf(host, user.id);
      const listed = call.params['include_tokens'] === true && tokens.length > 0;
      return { ...shownUser(user), ...(listed ? { tokens: tokens.map(shownToken) } : {}) };
    });
    return ofUsers(host, host.chance.shuffled(rows));
  },
  'GET /access/users/{userid}/token': (host, { params }) => {
    const tokens = tokensOf(host, required(params, 'userid'));
    const rows = tokens.map((token) => ({ 'token-name': token.id.split('!')[1], ...shownToken(token) }));
    return ofUsers(host, host.chance.shuffled(rows));
  },
  'GET /access/users/{userid}/token/{token-name}': (host, { params }) => {
    const id = `${required(params, 'userid')}!${required(params, 'token-name')}`;
    const token = host.state.tokens.find((one) => one.id === id);
    if (token === undefined) throw badRequest(`no such token '${id}'`);
    return ofUsers(host, shownToken(token));
  },
};
