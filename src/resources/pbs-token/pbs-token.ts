// API tokens of a PBS (facts: pbs-api section 7). Their secret is told once, in the answer to the call that makes it: it goes
// back to the step, which saves it before anything else. One that was lost is made anew.
import type { Made, ResourceOf, Wanted, WriteOptions } from '../../contracts/resource.ts';
import { Fault } from '../../fault.ts';
import type { Found } from '../../model/observed.ts';
import { type Answer, type ProxmoxApi, path } from '../../proxmox/api.ts';
import { type ConfigEntries, deleteEntry, listEntries, updateEntry } from '../../proxmox/config-entries.ts';
import { oneAtATime } from '../../proxmox/config-file.ts';
import { byName, name, type Row, row, rows, text as textIn } from '../../proxmox/decode.ts';
import { ProxmoxRefusal } from '../../proxmox/refusal.ts';
import { ref } from '../../values/ref.ts';
import { forKeeping, Secret } from '../../values/secret.ts';
import { configResource, type FieldTable, heldIn, paramsOf, patchOf } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { expiry } from '../common/expiry-field.ts';
import { flag, text } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { weighLogin } from '../common/login-weight.ts';
import { refuseOwnLogin } from '../common/own-login.ts';
import { usersAndTokens } from '../common/pbs-logins.ts';
import { rightsOf, setRight } from '../common/pbs-rights.ts';
import { userOf } from '../common/pbs-texts.ts';
import { type TokenEntry, tokens } from './pbs-token-schema.ts';

const pathOf = (token: string) => path`/access/users/${userOf(token)}/token/${token.slice(token.indexOf('!') + 1)}`;
const token: ConfigEntries = { ...usersAndTokens, what: 'tokens', id: 'tokenid', entry: pathOf };

const fields: FieldTable = {
  comment: text('comment'),
  enabled: flag('enable', true, { undeletable: true }),
  expires: expiry('expire'),
};

const entries: ResourceOf<Record<string, TokenEntry | readonly TokenEntry[]>> = configResource({
  name: 'pbs-token',
  title: 'token',
  product: 'pbs',
  after: ['pbs-user'],
  section: pbsList<TokenEntry>({
    key: 'tokens',
    schema: tokens,
    fields,
    id: 'id',
    more: ({ id, save_to }, { name: server }) => ({
      needs: [ref('pbs-user', server, userOf(id))],
      ...(save_to === undefined ? {} : { saves: { secret: save_to } }),
    }),
  }),
  entries: token,
  fields,
  path: 'pbs[].tokens[]',
  weigh: weighLogin('it'),
  refuse: ({ saves, name: id }, found) =>
    found !== undefined || saves !== undefined
      ? undefined
      : {
          act: 'refuse',
          code: 'token-without-file',
          says: 'its secret is told once, when it is made, and nobody would have it',
          remedy: `say where it is kept: save_to: { file: /etc/holdfast/${id.replace(/[^A-Za-z0-9]+/g, '-')}.token }`,
        },
});

export const pbsToken = defineResource({
  ...entries,
  read: async (api, { signal }) => {
    const { entries: all, digest } = await listEntries(api, usersAndTokens, { signal });
    const found = all
      .flatMap(({ raw }) => tokensIn(api, raw))
      .map((raw) => ({ name: name(api, 'tokens', raw, 'tokenid'), value: heldIn(fields, raw) }))
      .sort(byName((one) => one.name));
    return { found, digest };
  },
  create: (api, wanted, signal) => make(api, wanted, { signal }),
  update: async (api, wanted, found, { signal, digest, log, renew = [] }) => {
    const patch = { ...patchOf(fields, wanted, found, []), digest };
    if (!renew.includes('secret')) {
      await updateEntry(api, token, wanted.name, patch, { signal });
      return {};
    }
    refuseOwnLogin(api, wanted.name, 'its secret would be made anew');
    const anew = { ...patch, set: { ...patch.set, regenerate: true } };
    try {
      return secretIn(api, wanted.name, await updateEntry(api, token, wanted.name, anew, { signal }), 'secret');
    } catch (error) {
      if (!cannotRegenerate(error)) throw error;
      return replace(api, wanted, found, { signal, digest, log });
    }
  },
  remove: async (api, found, { signal, digest }) => {
    refuseOwnLogin(api, found.name, 'it would be removed');
    await deleteEntry(api, token, found.name, digest, {}, { signal });
  },
});

const tokensIn = (api: ProxmoxApi, user: Row): readonly Row[] =>
  user['tokens'] === undefined ? [] : rows(api, 'tokens', user['tokens']);

type Call = Pick<WriteOptions, 'signal' | 'digest' | 'log'>;

async function make(api: ProxmoxApi, { name: id, fields: wanted }: Wanted, { signal }: Call): Promise<Made> {
  const params = paramsOf(fields, wanted);
  const answer = await oneAtATime(api, token.file, () => api.post(pathOf(id), params, { signal }));
  return secretIn(api, id, answer, 'value');
}

function secretIn(api: ProxmoxApi, id: string, { data }: Answer, key: string): Made {
  const secret = textIn(row(api, 'a token', data)[key]);
  if (secret === undefined)
    throw new Fault('token-without-secret', {
      where: `${id} on ${api.name}`,
      says: 'the PBS made the token, and its answer has no secret in it',
      remedy: 'apply again: it is made anew',
    });
  return { secret: new Secret(`secret of ${id}`, secret, forKeeping) };
}

/** An older PBS does not know the parameter, and has done nothing then. */
const cannotRegenerate = (error: unknown): boolean =>
  error instanceof ProxmoxRefusal && error.status === 400 && error.errors['regenerate'] !== undefined;

/**
 * Its rights go with a token that is removed: they are given back to the new one, whoever gave them first. Killed in between, the
 * next plan brings the declared ones; of the others the log of the run tells.
 */
async function replace(api: ProxmoxApi, wanted: Wanted, found: Found, { signal, digest, log }: Call): Promise<Made> {
  const rights = await rightsOf(api, wanted.name, signal);
  for (const { role, path: at, propagate } of rights)
    log?.(`${wanted.name} has ${role} on ${at}${propagate ? '' : ', not below it'}; it is given back to the new token`);
  await deleteEntry(api, token, found.name, digest, {}, { signal });
  const made = await make(api, wanted, { signal });
  for (const right of rights) await setRight(api, right, { signal });
  return made;
}
