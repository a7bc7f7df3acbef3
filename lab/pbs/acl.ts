// Who has which role where (facts: pbs-api section 7).
import { type AclEntry, normal } from '../rights.ts';
import { digestOf, refuseStaleDigest, underLock } from './config-file.ts';
import {
  answerWith,
  flag,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  text,
} from './host.ts';
import { badParameters, badRequest } from './refusal.ts';
import { may } from './rights.ts';

const name = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const paths = new RegExp(
  `^/(?:access(?:/(?:acl|users|domains|openid/${name}))?|datastore(?:/${name}){0,9}|remote(?:/${name}){0,10}|system(?:/(?:certificates|disks|log|notifications|status|tasks|time|services(?:/${name})?|network(?:/(?:dns|interfaces(?:/${name})?))?|s3-endpoint(?:/${name})?|encryption-keys(?:/${name})?))?|tape(?:/(?:device|pool|job)(?:/${name})?)?)?$`,
);

const shown = ({ path, authId, role, propagate }: AclEntry) => ({
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

export const isOwnToken = (login: string, other: string): boolean =>
  !login.includes('!') && other.startsWith(`${login}!`);

/** Whoever has no right to it may do it for their own tokens, unless they are one. */
function needRight(host: PbsHost, call: PbsCall, who: string | undefined): void {
  if (may(host, call, '/access/acl', 'Permissions.Modify')) return;
  if (call.user.includes('!')) throw badRequest("Unprivileged API tokens can't set ACL items.");
  if (who === undefined || !isOwnToken(call.user, who))
    throw badRequest('Unprivileged users can only set ACL items for their own API tokens.');
}

async function change(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const { params } = call;
  const authId = text(params, 'auth-id');
  needRight(host, call, authId);
  if (params['group'] !== undefined) throw badRequest("parameter 'group' - groups are currently not supported.");
  if (authId === undefined) throw badParameters([['auth-id', 'parameter is missing and it is not optional.']]);
  const entry = {
    path: normal(required(params, 'path')),
    authId,
    role: required(params, 'role'),
    propagate: params['propagate'] !== false,
  };
  await underLock(host, call, 'acl', () => {
    refuseStaleDigest(host, call, 'acl');
    if (flag(params, 'delete')) revoke(host, entry);
    else grant(host, entry);
  });
  return answerWith(null);
}

const isAt = ({ path, authId }: AclEntry, other: AclEntry): boolean =>
  normal(path) === other.path && authId === other.authId;

function revoke({ state }: PbsHost, entry: AclEntry): void {
  state.acl = state.acl.filter((one) => !(isAt(one, entry) && one.role === entry.role));
}

/** At one place NoAccess and other roles exclude each other. */
function grant({ state }: PbsHost, entry: AclEntry): void {
  const isKnown = [...state.users, ...state.tokens].some(({ id }) => id === entry.authId);
  if (!isKnown && entry.authId.includes('!')) throw badRequest(`no such API token '${entry.authId}'`);
  if (!isKnown) throw badRequest(`no such user '${entry.authId}'`);
  if (!paths.test(entry.path)) throw badRequest(`invalid acl path '${entry.path}'`);
  // Root has everything: PBS says yes, and writes nothing.
  if (entry.authId === 'root@pam') return;
  const isShut = entry.role === 'NoAccess';
  const kept = state.acl.filter(
    (one) => !isAt(one, entry) || (one.role !== entry.role && (one.role === 'NoAccess') === isShut),
  );
  const present = state.acl.find((one) => isAt(one, entry) && one.role === entry.role);
  if (present?.propagate === entry.propagate && kept.length === state.acl.length - 1) return;
  state.acl = [...kept, entry];
}

export const acl: PbsHandlers = {
  'GET /access/acl': (host, call) => {
    const all = may(host, call, '/access/acl', 'Sys.Audit');
    const seen = host.state.acl.filter(
      (entry) => isWithin(normal(entry.path), call) && (all || isOwnToken(call.user, entry.authId)),
    );
    return answerWith(host.chance.shuffled(seen).map(shown), { digest: digestOf(host, 'acl') });
  },
  'PUT /access/acl': change,
  'GET /access/roles': (host) =>
    answerWith(host.chance.shuffled(Object.entries(host.state.roles)).map(([roleid, privs]) => ({ roleid, privs }))),
};
