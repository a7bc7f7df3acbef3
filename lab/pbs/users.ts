// Users and their tokens, sections of user.cfg (facts: pbs-api section 7).
import { randomUUID } from 'node:crypto';
import { userOfToken } from '../rights.ts';
import { digestOf, refuseStaleDigest, underLock } from './config-file.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { badParameters, badRequest } from './refusal.ts';
import { may } from './rights.ts';
import type { PbsToken, PbsUser } from './state.ts';

export const realms = ['pam', 'pbs'] as const;
const texts = ['comment', 'firstname', 'lastname', 'email'] as const;

type Standing = { enable?: boolean; expire?: number };

/** A login that is made keeps what is given as it is given. */
function asGiven({ params }: PbsCall): Standing {
  const { enable, expire } = params;
  return {
    ...(enable === undefined ? {} : { enable: enable === true }),
    ...(expire === undefined ? {} : { expire: Number(expire) }),
  };
}

/** A change writes what is so without a line as no line. */
function changeStanding(login: Standing, { params }: PbsCall): void {
  if (params['enable'] === true) delete login.enable;
  else if (params['enable'] === false) login.enable = false;
  const { expire } = params;
  if (expire === undefined) return;
  if (Number(expire) === 0) delete login.expire;
  else login.expire = Number(expire);
}

function changeTexts(login: { [name in (typeof texts)[number]]?: string }, { params }: PbsCall): void {
  const { delete: unset } = params;
  for (const name of texts) {
    if (Array.isArray(unset) && unset.includes(name)) delete login[name];
    const given = text(params, name)?.trim();
    if (given === '') delete login[name];
    else if (given !== undefined) login[name] = given;
  }
}

const shownToken = ({ id, enable, expire, comment }: PbsToken) => ({
  tokenid: id,
  ...(comment === undefined ? {} : { comment }),
  ...(enable === undefined ? {} : { enable }),
  ...(expire === undefined ? {} : { expire }),
});
const shownUser = ({ id, ...rest }: PbsUser) => ({ userid: id, ...rest });
const tokensOf = ({ state }: PbsHost, user: string): readonly PbsToken[] =>
  state.tokens.filter(({ id }) => userOfToken(id) === user);
const ofUsers = (host: PbsHost, data: unknown): Outcome => answerWith(data, { digest: digestOf(host, 'user') });

function userNamed({ state }: PbsHost, id: string): PbsUser {
  const found = state.users.find((user) => user.id === id);
  if (found === undefined) throw badRequest(`no such user '${id}'`);
  return found;
}

async function createUser(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, 'userid');
  const realm = id.slice(id.lastIndexOf('@') + 1);
  if (!realms.some((known) => known === realm)) throw badRequest(`no such realm '${realm}'`);
  const password = text(call.params, 'password');
  await underLock(host, call, 'user', () => {
    if (host.state.users.some((user) => user.id === id))
      throw badParameters([['userid', `user '${id}' already exists.`]]);
    const user: PbsUser = { id, ...asGiven(call) };
    changeTexts(user, call);
    host.state.users.push(user);
  });
  // By then the user is there.
  if (password !== undefined && realm === 'pam' && call.user !== 'root@pam')
    throw badRequest('only root can change passwords of the pam realm');
  if (password !== undefined) host.secrets.put(`password ${id}`, password);
  return answerWith(null);
}

async function updateUser(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'user', () => {
    refuseStaleDigest(host, call, 'user');
    const user = userNamed(host, required(call.params, 'userid'));
    changeTexts(user, call);
    changeStanding(user, call);
  });
  return answerWith(null);
}

function dropTokens(host: PbsHost, gone: readonly PbsToken[]): void {
  const { state, secrets } = host;
  const ids = gone.map(({ id }) => id);
  for (const id of ids) secrets.drop(`token ${id}`);
  state.tokens = state.tokens.filter(({ id }) => !ids.includes(id));
  state.acl = state.acl.filter(({ authId }) => !ids.includes(authId));
}

/** Its tokens go with their rights; its own rights stay for whoever has that name next. */
async function removeUser(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'user', () => {
    refuseStaleDigest(host, call, 'user');
    const user = userNamed(host, required(call.params, 'userid'));
    host.state.users = host.state.users.filter((one) => one !== user);
    host.secrets.drop(`password ${user.id}`);
    dropTokens(host, tokensOf(host, user.id));
  });
  return answerWith(null);
}

const tokenId = ({ params }: PbsCall): string => `${required(params, 'userid')}!${required(params, 'token-name')}`;

function tokenNamed({ state }: PbsHost, id: string): PbsToken {
  const found = state.tokens.find((token) => token.id === id);
  if (found === undefined) throw badRequest(`no such token '${id}'`);
  return found;
}

/** The secret goes out this once. */
function newSecret(host: PbsHost, id: string): string {
  const secret = randomUUID();
  host.secrets.put(`token ${id}`, secret);
  return secret;
}

async function createToken(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = tokenId(call);
  let value = '';
  await underLock(host, call, 'user', () => {
    refuseStaleDigest(host, call, 'user');
    userNamed(host, userOfToken(id));
    if (host.state.tokens.some((token) => token.id === id))
      throw badParameters([
        ['token-name', `token '${id.split('!')[1]}' for user '${userOfToken(id)}' already exists.`],
      ]);
    const comment = text(call.params, 'comment')?.trim() ?? '';
    host.state.tokens.push({ id, ...asGiven(call), ...(comment === '' ? {} : { comment }) });
    value = newSecret(host, id);
  });
  return answerWith({ tokenid: id, value });
}

async function updateToken(host: PbsHost, call: PbsCall): Promise<Outcome> {
  let secret: string | undefined;
  await underLock(host, call, 'user', () => {
    refuseStaleDigest(host, call, 'user');
    const token = tokenNamed(host, tokenId(call));
    changeTexts(token, call);
    changeStanding(token, call);
    if (call.params['regenerate'] === true) secret = newSecret(host, token.id);
  });
  return answerWith(secret === undefined ? null : { secret });
}

async function removeToken(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'user', () => {
    refuseStaleDigest(host, call, 'user');
    dropTokens(host, [tokenNamed(host, tokenId(call))]);
  });
  return answerWith(null);
}

/** By ticket only: one's own, or with the right to anybody's who is not of the machine itself. */
function setPassword(host: PbsHost, call: PbsCall): Outcome {
  const id = required(call.params, 'userid');
  if (call.user.includes('!')) throw badRequest('API tokens cannot access this API endpoint');
  const isPam = id.endsWith('@pam');
  const mayChange = call.user === id || (!isPam && may(host, call, '/', 'Permissions.Modify'));
  if (!mayChange && call.user !== 'root@pam') throw badRequest('you are not authorized to change the password.');
  userNamed(host, id);
  host.secrets.put(`password ${id}`, required(call.params, 'password'));
  return answerWith(null);
}

const one = '/access/users/{userid}';
const token = `${one}/token/{token-name}`;
export const users: PbsHandlers = {
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
  'POST /access/users': createUser,
  [`GET ${one}`]: (host, { params }) => ofUsers(host, shownUser(userNamed(host, required(params, 'userid')))),
  [`PUT ${one}`]: updateUser,
  [`DELETE ${one}`]: removeUser,
  [`GET ${one}/token`]: (host, { params }) => {
    const tokens = tokensOf(host, required(params, 'userid'));
    const rows = tokens.map((entry) => ({ 'token-name': entry.id.split('!')[1], ...shownToken(entry) }));
    return ofUsers(host, host.chance.shuffled(rows));
  },
  [`GET ${token}`]: (host, call) => ofUsers(host, shownToken(tokenNamed(host, tokenId(call)))),
  [`POST ${token}`]: createToken,
  [`PUT ${token}`]: updateToken,
  [`DELETE ${token}`]: removeToken,
  'PUT /access/password': setPassword,
};
