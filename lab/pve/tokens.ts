// /access/users/{userid}/token: the secret of a token is in the answer that makes it, and nowhere else (facts: pve-api
// section 1).
import { randomUUID } from 'node:crypto';
import type { Token } from '../rights.ts';
import { splitList } from './formats.ts';
import { answerWith, type PveHandlers, type PveHost, required, text } from './host.ts';
import { badParameters, died } from './refusal.ts';
import type { Values } from './schema.ts';
import { writeUsers } from './users.ts';

const fullId = (params: Values): string => `${required(params, 'userid')}!${required(params, 'tokenid')}`;

function tokenOf({ state }: PveHost, params: Values): Token {
  const token = state.tokens.find(({ id }) => id === fullId(params));
  if (token === undefined)
    throw died(`no such token '${required(params, 'tokenid')}' for user '${required(params, 'userid')}'`);
  return token;
}

const shown = ({ privsep, expire, comment }: Token) => ({
  ...{ privsep: privsep ? 1 : 0, expire },
  ...(comment === undefined ? {} : { comment }),
});

function set(token: Token, params: Values): void {
  const comment = text(params, 'comment');
  if (comment !== undefined) token.comment = comment;
  if (params['expire'] !== undefined) token.expire = Number(params['expire']);
  if (params['privsep'] !== undefined) token.privsep = params['privsep'] === 1;
}

export const tokens: PveHandlers = {
  'GET /access/users/{userid}/token': (host, { params }) => {
    const user = required(params, 'userid');
    const own = host.state.tokens.filter(({ id }) => id.startsWith(`${user}!`));
    return answerWith(own.map((token) => ({ tokenid: token.id.slice(user.length + 1), ...shown(token) })));
  },
  'GET /access/users/{userid}/token/{tokenid}': (host, { params }) => answerWith(shown(tokenOf(host, params))),
  'POST /access/users/{userid}/token/{tokenid}': (host, call) => {
    const { params } = call;
    const id = fullId(params);
    const user = required(params, 'userid');
    if (!host.state.users.some((one) => one.id === user)) throw died(`no such user ('${user}')`);
    if (host.state.tokens.some((one) => one.id === id)) throw badParameters({ tokenid: 'Token already exists.' });
    return writeUsers(host, call, 'generating token failed', () => {
      const token: Token = { id, privsep: true, enable: true, expire: 0 };
      set(token, params);
      const value = randomUUID();
      host.state.tokens.push(token);
      host.secrets.put(`token ${id}`, value);
      return answerWith({ 'full-tokenid': id, info: shown(token), value });
    });
  },
  'PUT /access/users/{userid}/token/{tokenid}': (host, call) => {
    tokenOf(host, call.params);
    return writeUsers(host, call, 'updating token info failed', () => {
      const token = tokenOf(host, call.params);
      set(token, call.params);
      for (const name of splitList(text(call.params, 'delete') ?? '')) {
        if (name === 'comment') delete token.comment;
        if (name === 'expire') token.expire = 0;
        if (name === 'privsep') token.privsep = true;
      }
      return answerWith(shown(token));
    });
  },
  'DELETE /access/users/{userid}/token/{tokenid}': (host, call) => {
    tokenOf(host, call.params);
    return writeUsers(host, call, 'deleting token failed', () => {
      const { id } = tokenOf(host, call.params);
      host.state.tokens = host.state.tokens.filter((token) => token.id !== id);
      host.state.acl = host.state.acl.filter(({ authId }) => authId !== id);
      host.secrets.drop(`token ${id}`);
      return answerWith(null);
    });
  },
};
