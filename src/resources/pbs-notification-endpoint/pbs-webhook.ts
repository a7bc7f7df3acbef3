// Webhooks: their secrets are a list of names and values, of which a PBS shows the names. One that is sent without its value
// keeps the value it has (facts: pbs-api section 8).
import type { Fields, ResourceOf, Wanted } from '../../contracts/resource.ts';
import type { Params } from '../../proxmox/api.ts';
import { type ConfigEntries, createEntry, entriesAt, updateEntry } from '../../proxmox/config-entries.ts';
import { ProxmoxRefusal } from '../../proxmox/refusal.ts';
import type { Secret } from '../../values/secret.ts';
import { type FieldTable, paramsOf, patchOf } from '../common/config-resource.ts';
import { encode, encodedMapping, encodedText, namedParts } from '../common/encoded-field.ts';
import { type Field, notFlag, text } from '../common/field.ts';
import type { OneKind } from '../common/kinds-resource.ts';
import { removedUnbound } from '../common/removed-unbound.ts';
import type { WebhookEntry } from './pbs-notification-endpoint-schema.ts';

const entries: ConfigEntries = entriesAt({
  ...{ file: 'notifications.cfg', what: 'webhooks', folder: 'config/notifications/endpoints/webhook', id: 'name' },
});

/** Their names alone: what stands behind them goes another way. */
const secretNames: Field = {
  params: ['secret'],
  standard: [],
  feature: 'webhook-endpoints',
  from: (row) => [...new Set(namedParts(row, 'secret').map(({ name }) => name))].sort(),
  to: (value) => {
    const names = value as readonly string[];
    return names.length === 0 ? {} : { secret: names.map((name) => `name=${name}`) };
  },
};

const open: FieldTable = {
  url: text('url', { undeletable: true, feature: 'webhook-endpoints' }),
  method: text('method', { undeletable: true }, 'post'),
  headers: encodedMapping('header'),
  body: encodedText('body'),
  enabled: notFlag('disable'),
  comment: text('comment'),
};

const parameterOf = (name: string): string => `secret ${name}`;
const namesIn = (fields: Fields): readonly string[] | undefined =>
  fields['secrets'] === undefined ? undefined : (fields['secrets'] as readonly string[]);

export const webhook: OneKind<WebhookEntry> = {
  entries,
  fields: { ...open, secrets: secretNames },
  fieldsOf: (entry) => ({ ...entry, secrets: Object.keys(entry.secrets ?? {}) }),
  itemFrom: ({ secrets, ...item }, entry) => (entry.secrets === undefined ? item : { ...item, secrets: secrets ?? [] }),
  more: ({ secrets = {} }) => ({
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, reference]) => [parameterOf(name), reference])),
  }),
  unwritten: ['secrets'],
  adapt: (resource) => removedUnbound({ ...resource, ...withSecrets, read: readWhereKnown(resource) }, entries),
};

/** An older PBS has no such list. */
const readWhereKnown =
  ({ read }: ResourceOf<unknown>): ResourceOf<unknown>['read'] =>
  async (api, options) => {
    try {
      return await read(api, options);
    } catch (error) {
      if (error instanceof ProxmoxRefusal && error.status === 404) return { found: [] };
      throw error;
    }
  };

const withSecrets: Pick<ResourceOf<unknown>, 'create' | 'update' | 'sends'> = {
  create: async (api, wanted, signal) => {
    const params = { ...paramsOf(open, wanted.fields), ...secretList(wanted, namesIn(wanted.fields) ?? []) };
    await createEntry(api, entries, wanted.name, params, { signal });
    return {};
  },
  update: async (api, wanted, found, { signal, digest, resend = [] }) => {
    const { set, delete: unset } = patchOf(open, wanted, found, []);
    const patch = { digest, ...withList(wanted, found.value, resend, { set, delete: unset }) };
    await updateEntry(api, entries, wanted.name, patch, { signal });
    return {};
  },
  sends: ({ item, secrets }, found) => {
    const held = found === undefined ? [] : (namesIn(found.value) ?? []);
    return (namesIn(item) ?? [])
      .filter((name) => !held.includes(name))
      .map(parameterOf)
      .filter((parameter) => secrets[parameter] !== undefined);
  },
};

type Change = Readonly<{ set: Params; delete: readonly string[] }>;

/** The whole list goes, or none of it: a name that is not in it is forgotten. */
function withList(wanted: Wanted, before: Fields, resend: readonly string[], change: Change): Change {
  const names = namesIn(wanted.fields);
  const held = namesIn(before) ?? [];
  if (names === undefined) return change;
  const anew = names.filter((name) => !held.includes(name) || resend.includes(parameterOf(name)));
  if (anew.length === 0 && names.length === held.length) return change;
  if (names.length === 0) return { set: change.set, delete: [...change.delete, 'secret'] };
  return { set: { ...change.set, ...secretList(wanted, names, anew) }, delete: change.delete };
}

/** Those that are not sent anew go by their name alone. */
function secretList({ secrets }: Wanted, names: readonly string[], anew: readonly string[] = names): Params {
  if (names.length === 0) return {};
  const one = (name: string): string | Secret => {
    const secret = anew.includes(name) ? secrets[parameterOf(name)] : undefined;
    return secret?.inside((value) => `name=${name},value=${encode(value)}`) ?? `name=${name}`;
  };
  return { secret: names.map(one) };
}
