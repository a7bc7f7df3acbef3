// Storages as a node sees them now (facts: pve-api section 7): a PBS that cannot be reached is `active: 0`, with 200.
import { note } from '../journal.ts';
import { splitList } from './formats.ts';
import { answerWith, type PveHandlers, type PveHost, required, text } from './host.ts';
import { addressOf, askPbs, datastoresAt } from './pbs-contact.ts';
import { died } from './refusal.ts';
import { may } from './rights.ts';
import { isUnmounted, type Sizes, sizesOn } from './room.ts';
import type { StorageEntry } from './state.ts';
import { entryOf, isDisabled, usableOn } from './storage-file.ts';

const noSizes: Sizes = { total: 0, used: 0, avail: 0 };

/** Undefined where it does not answer. */
async function sizesOf(host: PveHost, entry: StorageEntry): Promise<Sizes | undefined> {
  if (entry.type !== 'pbs') return isUnmounted(host.state, entry) ? undefined : sizesOn(host.state, entry);
  try {
    const path = `/admin/datastore/${encodeURIComponent(String(entry.options['datastore']))}/status`;
    const { total, used, avail } = (await askPbs(addressOf(host, entry), path)) as Sizes;
    return { total, used, avail };
  } catch (thrown) {
    const text = `${entry.storage}: ${(thrown as Error).message.trim()}`;
    note(host.state.journal, { at: host.now(), unit: 'pvestatd', text });
    return undefined;
  }
}

export async function liveStatus(host: PveHost, entry: StorageEntry) {
  const enabled = isDisabled(entry) ? 0 : 1;
  const sizes = enabled === 1 ? await sizesOf(host, entry) : undefined;
  return {
    type: entry.type,
    content: host.chance.shuffled(splitList(String(entry.options['content'] ?? ''))).join(','),
    enabled,
    active: sizes === undefined ? 0 : 1,
    shared: entry.type === 'pbs' ? 1 : 0,
    ...(sizes ?? noSizes),
  };
}

const holds = (entry: StorageEntry, wanted: readonly string[]): boolean =>
  wanted.every((one) => splitList(String(entry.options['content'] ?? '')).includes(one));

export const storageLive: PveHandlers = {
  'GET /nodes/{node}/storage': async (host, call) => {
    const only = text(call.params, 'storage');
    const content = splitList(text(call.params, 'content') ?? '');
    const seen = host.state.storages.filter(
      (entry) =>
        usableOn(entry, host.state.node) &&
        (only === undefined || entry.storage === only) &&
        (call.params['enabled'] !== 1 || !isDisabled(entry)) &&
        holds(entry, content) &&
        may(host, call, `/storage/${entry.storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace'),
    );
    const rows = seen.map(async (entry) => {
      const status = await liveStatus(host, entry);
      const fraction = status.total === 0 ? {} : { used_fraction: status.used / status.total };
      return { storage: entry.storage, ...status, ...fraction };
    });
    return answerWith(host.chance.shuffled(await Promise.all(rows)));
  },
  'GET /nodes/{node}/storage/{storage}/status': async (host, call) => {
    const entry = usable(host, required(call.params, 'storage'));
    return answerWith(await liveStatus(host, entry));
  },
  'GET /nodes/{node}/scan/pbs': async (_host, { params }) => {
    const address = {
      server: required(params, 'server'),
      port: Number(params['port'] ?? 8007),
      fingerprint: text(params, 'fingerprint'),
      username: required(params, 'username'),
      password: required(params, 'password'),
    };
    const stores = await datastoresAt(address).catch((thrown: unknown) => {
      throw died((thrown as Error).message);
    });
    return answerWith(stores.map(({ store, comment }) => ({ store, ...(comment === undefined ? {} : { comment }) })));
  },
};

export function usable(host: PveHost, storage: string): StorageEntry {
  const entry = entryOf(host.state, storage);
  if (!usableOn(entry, host.state.node))
    throw died(`storage '${storage}' is not available on node '${host.state.node}'`);
  return entry;
}
