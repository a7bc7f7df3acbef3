// /etc/pve/storage.cfg: its text decides the digest, and the answers show its entries.
import { createHash } from 'node:crypto';
import type { Chance } from '../chance.ts';
import { splitList } from './formats.ts';
import { died } from './refusal.ts';
import type { PveState, StorageEntry } from './state.ts';

const textOf = (entries: readonly StorageEntry[]): string =>
  entries
    .map(({ storage, type, options }) => {
      const lines = Object.entries(options).map(([name, value]) => `\t${name} ${value}\n`);
      return `${type}: ${storage}\n${lines.join('')}`;
    })
    .join('\n');

/** SHA-1 of the whole file. */
const storageDigest = (state: PveState): string => createHash('sha1').update(textOf(state.storages)).digest('hex');

/** An empty digest is not compared. */
export function refuseStale(state: PveState, digest: string | undefined): void {
  if (digest !== undefined && digest !== '' && digest !== storageDigest(state))
    throw died('detected modified configuration - file changed by other user? Try again.');
}

export function entryOf(state: PveState, storage: string): StorageEntry {
  const entry = state.storages.find((one) => one.storage === storage);
  if (entry === undefined) throw died(`storage '${storage}' does not exist`);
  return entry;
}

/** As the answers show it. Sets come in another order each time; what is secret is not in the file at all. */
export function shownEntry(state: PveState, { storage, type, options }: StorageEntry, chance: Chance): object {
  const sets = Object.entries(options).flatMap(([name, value]) =>
    name === 'nodes' || name === 'content'
      ? [[name, chance.shuffled(splitList(String(value))).join(',')] as const]
      : [],
  );
  const shared = type === 'pbs' ? { shared: 1 } : {};
  return { storage, type, ...options, ...Object.fromEntries(sets), ...shared, digest: storageDigest(state) };
}

export const usableOn = ({ options }: StorageEntry, node: string): boolean =>
  options['nodes'] === undefined || splitList(String(options['nodes'])).includes(node);
export const isDisabled = ({ options }: StorageEntry): boolean => Number(options['disable'] ?? 0) === 1;
