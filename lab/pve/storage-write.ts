// POST, PUT and DELETE of storage entries (facts: pve-api section 2; the answers are those of its section 13).
import { underLock } from './config-lock.ts';
import { splitList } from './formats.ts';
import { answerWith, type Outcome, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { reachDatastore } from './pbs-contact.ts';
import { died, PveRefusal, prefixed } from './refusal.ts';
import type { Values } from './schema.ts';
import type { StorageEntry } from './state.ts';
import { entryOf, isDisabled, refuseStale, usableOn } from './storage-file.ts';
import { dropAllSecrets, dropSecret, keepSecrets, type Sensitive } from './storage-keys.ts';
import { checkedOptions, type Options, refuseLineFeeds, refuseMissing } from './storage-options.ts';
import { type StorageType, sensitive, storageType } from './storage-types.ts';

const pick = (params: Values, wanted: (name: string) => boolean): Values =>
  Object.fromEntries(Object.entries(params).filter(([name]) => wanted(name)));
const notOptions = ['storage', 'type', 'delete', 'digest', ...sensitive];
const plainOf = (params: Values): Values => pick(params, (name) => !notOptions.includes(name));
const sensitiveOf = (params: Values): Sensitive => pick(params, (name) => sensitive.includes(name)) as Sensitive;

function typeOf(name: string): StorageType {
  const type = storageType(name);
  if (type === undefined) throw new PveRefusal(501, `the lab has no storages of type '${name}'\n`);
  return type;
}

async function guarded(prefix: string, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    throw prefixed(prefix, thrown);
  }
}

async function create(host: PveHost, call: PveCall): Promise<Outcome> {
  const storage = required(call.params, 'storage');
  const typeName = required(call.params, 'type');
  const type = typeOf(typeName);
  const secrets = sensitiveOf(call.params);
  refuseForeign(type, secrets);
  const options = checkedOptions(type, plainOf(call.params), 'create');
  refuseMissing(type, options, host.chance);
  const work = async () => {
    if (host.state.storages.some((one) => one.storage === storage))
      throw died(`storage ID '${storage}' already defined`);
    refuseLineFeeds(options);
    const { shown, options: ofKeys } = freshSecrets(host, storage, secrets);
    const content = { content: type['default-content'] };
    const entry: StorageEntry = { storage, type: typeName, options: present({ ...content, ...options, ...ofKeys }) };
    if (typeName === 'pbs' && !isDisabled(entry) && usableOn(entry, host.state.node))
      await reachDatastore(host, entry).catch((thrown: unknown) => {
        dropAllSecrets(host, storage);
        throw thrown;
      });
    host.state.storages.push(entry);
    return answerWith({ storage, type: typeName, config: shown });
  };
  return guarded('create storage failed: ', () => underLock(host, call, 'storage', work));
}

/** A key of an earlier entry of that name would be used without being asked for, so it goes. */
function freshSecrets(host: PveHost, storage: string, given: Sensitive) {
  for (const name of sensitive) if (name !== 'password') dropSecret(host, storage, name);
  if (given['master-pubkey'] !== undefined && given['encryption-key'] === undefined)
    throw died("option 'master-pubkey' requires 'encryption-key'");
  if (given.password === undefined) dropSecret(host, storage, 'password');
  return keepSecrets(host, storage, given);
}

async function update(host: PveHost, call: PveCall): Promise<Outcome> {
  const storage = required(call.params, 'storage');
  const work = () => {
    refuseStale(host.state, text(call.params, 'digest'));
    const entry = entryOf(host.state, storage);
    const type = typeOf(entry.type);
    const secrets = sensitiveOf(call.params);
    refuseForeign(type, secrets);
    const options = checkedOptions(type, plainOf(call.params), 'update');
    const unset = splitList(text(call.params, 'delete') ?? '');
    refuseDeletes(type, unset, options);
    refuseLineFeeds(options);
    for (const name of unset) dropSecret(host, storage, name);
    const { shown, options: ofKeys } = keepSecrets(host, storage, secrets);
    const kept = Object.fromEntries(Object.entries(entry.options).filter(([name]) => !unset.includes(name)));
    entry.options = present({ ...kept, ...options, ...ofKeys });
    return answerWith({ storage, type: entry.type, config: shown });
  };
  return guarded('update storage failed: ', () => underLock(host, call, 'storage', work));
}

function refuseDeletes(type: StorageType, unset: readonly string[], options: Options): void {
  for (const name of unset) {
    if (type.fixed.includes(name)) throw died(`unable to delete required option '${name}'`);
    if (!type.optional.includes(name)) throw died(`no such option '${name}'`);
    if (Object.hasOwn(options, name)) throw died(`cannot set and delete property '${name}' at the same time!`);
  }
}

function refuseForeign(type: StorageType, secrets: Sensitive): void {
  const [name] = Object.keys(secrets).filter((one) => !type.optional.includes(one));
  if (name !== undefined) throw died(`unexpected property '${name}'`);
}

const present = (options: Options): Record<string, string | number> =>
  Object.fromEntries(Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

async function remove(host: PveHost, call: PveCall): Promise<Outcome> {
  const storage = required(call.params, 'storage');
  const work = () => {
    const entry = entryOf(host.state, storage);
    host.state.storages = host.state.storages.filter((one) => one !== entry);
    host.state.acl = host.state.acl.filter(({ path }) => path !== `/storage/${storage}`);
    dropAllSecrets(host, storage);
    return answerWith(null);
  };
  return guarded('delete storage failed: ', () => underLock(host, call, 'storage', work));
}

export const storageWrites: PveHandlers = {
  'POST /storage': create,
  'PUT /storage/{storage}': update,
  'DELETE /storage/{storage}': remove,
};
