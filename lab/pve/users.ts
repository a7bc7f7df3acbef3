// /access/users: users, without groups, which the lab does not have.
import type { User } from '../rights.ts';
import { underLock } from './config-lock.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { died, prefixed } from './refusal.ts';
import { may } from './rights.ts';
import type { Values } from './schema.ts';

const realms = ['pam', 'pve'];
const texts = ['comment', 'email', 'firstname', 'lastname'] as const;

const userOf = ({ state }: PveHost, id: string): User => {
  const user = state.users.find((one) => one.id === id);
  if (user === undefined) throw died(`no such user ('${id}')`);
  return user;
};

const tokensOf = ({ state }: PveHost, id: string) =>
  state.tokens
    .filter((token) => token.id.startsWith(`${id}!`))
    .map(({ id: full, privsep, expire, comment }) => ({
      ...{ tokenid: full.slice(id.length + 1), privsep: privsep ? 1 : 0, expire },
      ...(comment === undefined ? {} : { comment }),
    }));

const shown = ({ enable, expire, comment, email, firstname, lastname }: User) => ({
  ...{ enable: enable ? 1 : 0, expire },
  ...(comment === undefined ? {} : { comment }),
  ...(email === undefined ? {} : { email }),
  ...(firstname === undefined ? {} : { firstname }),
  ...(lastname === undefined ? {} : { lastname }),
});

function set(user: User, params: Values): void {
  for (const name of texts) {
    const value = text(params, name);
    if (value === '') delete user[name];
    else if (value !== undefined) user[name] = value;
  }
  if (params['enable'] !== undefined) user.enable = params['enable'] === 1;
  if (params['expire'] !== undefined) user.expire = Number(params['expire']);
}

function refuseGroups(params: Values): void {
  const group = text(params, 'groups');
  if (group !== undefined && group !== '') throw died(`group '${group.split(',')[0]}' does not exist`);
}

/** Under the lock of user.cfg; what goes wrong there begins with those words. */
export async function writeUsers<Result>(
  host: PveHost,
  call: PveCall,
  words: string,
  work: () => Result,
): Promise<Result> {
  try {
    return await underLock(host, call, 'user', work);
  } catch (thrown) {
    throw prefixed(`${words}: `, thrown);
  }
}

export const users: PveHandlers = {
  'GET /access/users': (host, call) => {
    const all = may(host, call, '/access/groups', 'User.Modify', 'Sys.Audit');
    const seen = host.state.users.filter(
      (user) =>
        (all || user.id === call.user) &&
        (call.params['enabled'] === undefined || user.enable === (call.params['enabled'] === 1)),
    );
    const full = call.params['full'] === 1;
    const rows = seen.map((user) => ({
      ...{ userid: user.id, ...shown(user), 'realm-type': user.id.split('@').at(-1) },
      ...(full ? { tokens: tokensOf(host, user.id) } : {}),
    }));
    return answerWith(host.chance.shuffled(rows));
  },
  'GET /access/users/{userid}': (host, { params }) => {
    const user = userOf(host, required(params, 'userid'));
    const tokens = tokensOf(host, user.id).map(({ tokenid, ...token }) => [tokenid, token] as const);
    return answerWith({ ...shown(user), ...(tokens.length === 0 ? {} : { tokens: Object.fromEntries(tokens) }) });
  },
  'POST /access/users': (host, call) => {
    const { params } = call;
    const id = required(params, 'userid');
    return writeUsers(host, call, 'create user failed', () => {
      if (host.state.users.some((user) => user.id === id)) throw died(`user '${id}' already exists`);
      const realm = id.split('@').at(-1) ?? '';
      if (!realms.includes(realm)) throw died(`domain '${realm}' does not exist`);
      refuseGroups(params);
      const user: User = { id, enable: true, expire: 0 };
      set(user, params);
      host.state.users.push(user);
      const password = text(params, 'password');
      if (password !== undefined && realm === 'pve') host.secrets.put(`password ${id}`, password);
      return answerWith(null);
    });
  },
  'PUT /access/users/{userid}': (host, call) =>
    writeUsers(host, call, 'update user failed', () => {
      const user = userOf(host, required(call.params, 'userid'));
      refuseGroups(call.params);
      set(user, call.params);
      return answerWith(null);
    }),
  'DELETE /access/users/{userid}': (host, call) =>
    writeUsers(host, call, 'delete user failed', () => {
      const { id } = userOf(host, required(call.params, 'userid'));
      const { state } = host;
      const isGone = (authId: string): boolean => authId === id || authId.startsWith(`${id}!`);
      for (const token of state.tokens) if (isGone(token.id)) host.secrets.drop(`token ${token.id}`);
      host.secrets.drop(`password ${id}`);
      state.users = state.users.filter((user) => user.id !== id);
      state.tokens = state.tokens.filter((token) => !isGone(token.id));
      state.acl = state.acl.filter(({ authId }) => !isGone(authId));
      return answerWith(null);
    }),
};
