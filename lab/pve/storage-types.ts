// What a storage entry of each type may hold; PVE checks this at run time, its schema knows no types.
import types from './storage-types.json' with { type: 'json' };

export type StorageType = Readonly<{
  content: readonly string[];
  'default-content': string;
  /** needed at creation, and never changed */
  fixed: readonly string[];
  optional: readonly string[];
}>;

const known: Readonly<Record<string, StorageType>> = types;

/** Undefined for a type that PVE has and the lab does not. */
export const storageType = (name: string): StorageType | undefined =>
  Object.hasOwn(known, name) ? known[name] : undefined;

/** Kept in files of their own below /etc/pve/priv; taken out before the other options are looked at. */
export const sensitive: readonly string[] = ['password', 'encryption-key', 'master-pubkey'];
