// PBS in types: what this product reads there, thinly (facts: pbs-api sections 3 and 9).

import { type Instant, instantAt } from '../values/instant.ts';
import { type CallOptions, type ProxmoxApi, path } from './api.ts';
import { byName, figure, name, type Row, rows, text, whole } from './decode.ts';

export type PbsDatastore = Readonly<{ name: string; raw: Row }>;

/** A list of one config file, and that file's digest, which a write may be bound to. */
export type Listed<Entry> = Readonly<{ entries: readonly Entry[]; digest: string | undefined }>;

/** Datastores without Datastore.Audit are missing, without a word. */
export async function datastores(api: ProxmoxApi, options: CallOptions = {}): Promise<Listed<PbsDatastore>> {
  const answer = await api.get(path`/config/datastore`, {}, options);
  const entries = rows(api, 'datastores', answer.data)
    .map((raw) => ({ name: name(api, 'datastores', raw, 'name'), raw }))
    .sort(byName((entry) => entry.name));
  return { entries, digest: answer.digest };
}

export type DatastoreUsage = Readonly<{
  store: string;
  /** bytes of the file system; unknown without the right, where it is not mounted, and in maintenance */
  total: number | undefined;
  used: number | undefined;
  available: number | undefined;
  /** why the server could not say */
  error: string | undefined;
  /** undefined where it is flat, shrinking, or too young to tell */
  fullAt: Instant | undefined;
  raw: Row;
}>;

export async function datastoreUsage(api: ProxmoxApi, options: CallOptions = {}): Promise<readonly DatastoreUsage[]> {
  const { data } = await api.get(path`/status/datastore-usage`, {}, options);
  return rows(api, 'datastore usage', data)
    .map((raw) => ({
      store: name(api, 'datastore usage', raw, 'store'),
      ...{ total: figure(raw.total), used: figure(raw.used), available: figure(raw.avail) },
      error: text(raw.error),
      fullAt: fullAt(raw),
      raw,
    }))
    .sort(byName((entry) => entry.store));
}

// 0 says "flat", a date before the newest reading says "shrinking".
function fullAt(raw: Row): Instant | undefined {
  const date = whole(raw['estimated-full-date']) ?? 0;
  const slots = Array.isArray(raw.history) ? raw.history.length : 0;
  const lastReading = (whole(raw['history-start']) ?? 0) + slots * (whole(raw['history-delta']) ?? 0);
  return date > lastReading && date > 0 && date < 8.64e12 ? instantAt(date * 1000) : undefined;
}
