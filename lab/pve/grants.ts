// /access/roles and /access/acl: what a role may, and who has which role where.
import { normal } from '../rights.ts';
import { splitList } from './formats.ts';
import { answerWith, type PveHandlers, type PveHost, required, text } from './host.ts';
import { badParameters, died } from './refusal.ts';
import { may } from './rights.ts';
import { isBuiltIn } from './roles.ts';
import type { Values } from './schema.ts';
import { writeUsers } from './users.ts';

const roleOf = ({ state }: PveHost, role: string): readonly string[] => {
  const privileges = Object.hasOwn(state.roles, role) ? state.roles[role] : undefined;
  if (privileges === undefined) throw died(`role '${role}' does not exist`);
  return privileges;
};

const privilegesIn = (params: Values): readonly string[] => [...new Set(splitList(text(params, 'privs') ?? ''))];

// The first parts of every path that rights can be given on.
const pathForm =
  /^\/(?:$|(?:access(?:\/(?:groups|realm)(?:\/[\w.-]+)?)?|mapping(?:\/\w+(?:\/[\w.-]+)?)?|nodes(?:\/[\w.-]+)?|pool(?:\/[\w./-]+)?|sdn(?:\/[\w./-]+)?|storage(?:\/[\w.-]+)?|vms(?:\/[1-9]\d{2,})?)$)/;

type Named = Readonly<{ authIds: readonly string[]; kind: string }>;

function whomIn({ state }: PveHost, params: Values): readonly string[] {
  const named: readonly Named[] = [
    { kind: 'group', authIds: splitList(text(params, 'groups') ?? '') },
    { kind: 'user', authIds: splitList(text(params, 'users') ?? '') },
    { kind: 'token', authIds: splitList(text(params, 'tokens') ?? '') },
  ];
  for (const { kind, authIds } of named)
    for (const id of authIds) {
      const list = kind === 'user' ? state.users : kind === 'token' ? state.tokens : [];
      if (!list.some((one) => one.id === id)) throw died(`${kind} '${id}' does not exist`);
    }
  return named.flatMap(({ authIds }) => authIds);
}

function changeAcl(host: PveHost, params: Values, path: string): void {
  const { state } = host;
  const unset = params['delete'] === 1;
  const propagate = params['propagate'] !== 0;
  for (const role of splitList(required(params, 'roles'))) {
    roleOf(host, role);
    for (const authId of whomIn(host, params)) {
      state.acl = state.acl.filter(
        (entry) => entry.authId !== authId || entry.role !== role || normal(entry.path) !== path,
      );
      if (!unset) state.acl.push({ path, authId, role, propagate });
    }
  }
}

export const grants: PveHandlers = {
  'GET /access/roles': ({ state, chance }) =>
    answerWith(
      chance.shuffled(Object.entries(state.roles)).map(([roleid, privileges]) => ({
        ...{ roleid, privs: [...privileges].sort().join(',') },
        ...(isBuiltIn(roleid) ? { special: 1 } : {}),
      })),
    ),
  'GET /access/roles/{roleid}': (host, { params }) =>
    answerWith(Object.fromEntries(roleOf(host, required(params, 'roleid')).map((privilege) => [privilege, 1]))),
  'POST /access/roles': (host, call) =>
    writeUsers(host, call, 'create role failed', () => {
      const role = required(call.params, 'roleid');
      if (Object.hasOwn(host.state.roles, role)) throw died(`role '${role}' already exists`);
      if (/^PVE/i.test(role)) throw died(`cannot use role ID starting with the (case-insensitive) 'PVE' namespace`);
      host.state.roles[role] = privilegesIn(call.params);
      return answerWith(null);
    }),
  'PUT /access/roles/{roleid}': (host, call) =>
    writeUsers(host, call, 'update role failed', () => {
      const role = required(call.params, 'roleid');
      const present = roleOf(host, role);
      if (isBuiltIn(role)) throw died(`auto-generated role '${role}' cannot be modified`);
      const given = privilegesIn(call.params);
      host.state.roles[role] = call.params['append'] === 1 ? [...new Set([...present, ...given])] : given;
      return answerWith(null);
    }),
  'DELETE /access/roles/{roleid}': (host, call) =>
    writeUsers(host, call, 'delete role failed', () => {
      const role = required(call.params, 'roleid');
      roleOf(host, role);
      if (isBuiltIn(role)) throw died(`auto-generated role '${role}' cannot be deleted`);
      const { [role]: _, ...rest } = host.state.roles;
      host.state.roles = rest;
      host.state.acl = host.state.acl.filter((entry) => entry.role !== role);
      return answerWith(null);
    }),
  'GET /access/acl': (host, call) => {
    const all = may(host, call, '/access', 'Sys.Audit');
    const seen = host.state.acl.filter(({ path }) => all || may(host, call, path, 'Permissions.Modify'));
    const rows = seen.map(({ path, authId, role, propagate }) => ({
      ...{ path, ugid: authId, type: authId.includes('!') ? 'token' : 'user' },
      ...{ roleid: role, propagate: propagate ? 1 : 0 },
    }));
    return answerWith(host.chance.shuffled(rows));
  },
  'PUT /access/acl': (host, call) => {
    const { params } = call;
    const names = ['users', 'groups', 'tokens'];
    if (names.every((name) => (text(params, name) ?? '') === ''))
      throw badParameters(
        Object.fromEntries(names.map((name) => [name, "either 'users', 'groups' or 'tokens' is required."])),
      );
    const path = normal(required(params, 'path'));
    if (params['delete'] !== 1 && !pathForm.test(path))
      throw badParameters({ path: `invalid ACL path '${required(params, 'path')}'` });
    return writeUsers(host, call, 'ACL update failed', () => {
      changeAcl(host, params, path);
      return answerWith(null);
    });
  },
};
