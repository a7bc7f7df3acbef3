// /access: logins by password, who there is, and what each may do (facts: pbs-api sections 1, 7).
import { normal } from '../rights.ts';
import { acl, isOwnToken } from './acl.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { isActive } from './login.ts';
import { badRequest, PbsRefusal } from './refusal.ts';
import { held, may } from './rights.ts';
import type { Values } from './schema.ts';
import { realms, users } from './users.ts';

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

/** A token is never "self" with its user, but it is with itself. */
function askedAbout(host: PbsHost, call: PbsCall): string {
  const whom = text(call.params, 'auth-id') ?? call.user;
  if (whom !== call.user && !isOwnToken(call.user, whom) && !may(host, call, '/access', 'Sys.Audit'))
    throw badRequest(`not allowed to list permissions of ${whom}`);
  return whom;
}

const topPaths = ['/', '/access', '/datastore', '/remote', '/system', '/tape'];

export const access: PbsHandlers = {
  'POST /access/ticket': ticketFor,
  'GET /access/permissions': (host, call) => {
    const whom = askedAbout(host, call);
    const only = text(call.params, 'path');
    const paths =
      only === undefined ? [...topPaths, ...host.state.acl.map(({ path }) => normal(path))] : [normal(only)];
    const found = [...new Set(paths)].map((path) => [path, held(host, whom, path)] as const);
    return answerWith(Object.fromEntries(found.filter(([, rights]) => Object.keys(rights).length > 0)));
  },
  ...acl,
  ...users,
  'GET /access/domains': (host) =>
    answerWith(host.chance.shuffled(realms).map((realm) => ({ realm, type: realm, ...aboutRealm[realm] }))),
};

const aboutRealm = {
  pam: { comment: 'Linux PAM standard authentication', default: true },
  pbs: { comment: 'Proxmox Backup authentication server' },
} as const;
