// Users of a PBS (facts: pbs-api section 7). Its answers mix two spellings: what a new user was given stays as it was given,
// a change writes what goes without saying as nothing.
import type { ResourceOf, WriteOptions } from '../../contracts/resource.ts';
import { Fault } from '../../fault.ts';
import { type ProxmoxApi, path } from '../../proxmox/api.ts';
import { listEntries } from '../../proxmox/config-entries.ts';
import { rows, text as textIn } from '../../proxmox/decode.ts';
import { withBuiltIns } from '../common/built-in.ts';
import { configResource, type FieldTable } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { expiry } from '../common/expiry-field.ts';
import { flag, text } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { weighLogin } from '../common/login-weight.ts';
import { refuseOwnLogin } from '../common/own-login.ts';
import { usersAndTokens } from '../common/pbs-logins.ts';
import { rightsOf } from '../common/pbs-rights.ts';
import { isToken } from '../common/pbs-texts.ts';
import { type UserEntry, users } from './pbs-user-schema.ts';

const fields: FieldTable = {
  comment: text('comment'),
  enabled: flag('enable', true, { undeletable: true }),
  expires: expiry('expire'),
  first_name: text('firstname'),
  last_name: text('lastname'),
  email: text('email'),
};

const root = 'root@pam';
// It is always there, with this comment, as long as nobody changes it.
const asItCame = { comment: 'Superuser', enabled: true, expires: 'none', first_name: '', last_name: '', email: '' };

type Users = Record<string, UserEntry | readonly UserEntry[]>;

const entries: ResourceOf<Users> = configResource({
  name: 'pbs-user',
  title: 'user',
  product: 'pbs',
  section: pbsList<UserEntry>({
    key: 'users',
    schema: users,
    fields,
    id: 'id',
    more: ({ password }) => (password === undefined ? {} : { secrets: { password } }),
  }),
  entries: usersAndTokens,
  fields,
  path: 'pbs[].users[]',
  weigh: weighLogin('it and its tokens'),
});

const withPassword: ResourceOf<Users> = {
  ...entries,
  update: async (api, wanted, found, options) => {
    const password = options.resend?.includes('password') === true ? wanted.secrets['password'] : undefined;
    if (password !== undefined && isToken(api.identity)) throw tokenSetsNoPassword(api, wanted.name);
    const made = await entries.update(api, wanted, found, { ...options, resend: [] });
    if (password === undefined) return made;
    const params = { userid: wanted.name, password, 'confirmation-password': password };
    await api.put(path`/access/password`, params, { signal: options.signal });
    return made;
  },
  remove: async (api, found, options) => {
    refuseOwnLogin(api, found.name, 'its user would be removed, and its tokens with it');
    await refuseLeftBehind(api, found.name, options);
    await entries.remove(api, found, options);
  },
};

export const pbsUser = defineResource(withBuiltIns(withPassword, { [root]: asItCame }, 'must not be done'));

/** PBS takes a password with other changes of a user, and passes over it; the call that sets one is for tickets alone. */
const tokenSetsNoPassword = ({ name, identity }: ProxmoxApi, user: string): Fault =>
  new Fault('password-needs-login', {
    where: `${user} on ${name}`,
    says: `another password is declared than it was made with, and a PBS lets no token (${identity}) set one`,
    remedy: `set it there (proxmox-backup-manager user update '${user}' --password), and take password out of the estate: it is for making a user alone`,
  });

/** Rights stay when their user goes, and whoever is made with that name next has them; tokens go with it. */
async function refuseLeftBehind(api: ProxmoxApi, user: string, { signal }: WriteOptions): Promise<void> {
  const [rights, { entries: all }] = await Promise.all([
    rightsOf(api, user, signal),
    listEntries(api, usersAndTokens, { signal }),
  ]);
  const own = all.find(({ name }) => name === user)?.raw['tokens'];
  const tokens = Array.isArray(own) ? rows(api, 'tokens', own) : [];
  if (rights.length + tokens.length === 0) return;
  const left = [
    ...tokens.map(({ tokenid }) => `the token ${textIn(tokenid)}`),
    ...rights.map(({ role, path: at }) => `the role ${role} on ${at}`),
  ];
  throw new Fault('user-has-more', {
    where: `${user} on ${api.name}`,
    says: `Holdfast made the user, and somebody else gave it ${left.join(', ')}; rights would stay for the next user of that name, tokens would go`,
    remedy: 'remove them on the PBS first, or declare the user again',
  });
}
