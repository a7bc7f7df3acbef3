// A config file of a server as a list of named entries: the shape that nearly everything configured on PBS has, and PVE's
// backup jobs too (facts: pbs-api sections 1, 3, 5 to 8; pve-api section 4).
import { type Answer, type ApiPath, type CallOptions, type Params, type ProxmoxApi, path } from './api.ts';
import { oneAtATime, type Patch } from './config-file.ts';
import { byName, name, type Row, rows } from './decode.ts';
import type { Listed } from './pbs.ts';

export type ConfigEntries = Readonly<{
  /** the file: writes to it go one after the other */
  file: string;
  /** as in a fault: `prune jobs` */
  what: string;
  /** where the list is read and new entries are sent to */
  collection: ApiPath;
  /** the parameter that names an entry */
  id: string;
  entry(name: string): ApiPath;
  /** what the list must be asked with to be whole */
  query?: Params;
  /** `none`: the server offers no digest for it, and refuses one that is sent */
  digest?: 'none';
}>;

export type ConfigEntry = Readonly<{ name: string; raw: Row }>;

export const entriesAt = (parts: Omit<ConfigEntries, 'collection' | 'entry'> & { folder: string }): ConfigEntries => {
  const [first = '', ...rest] = parts.folder.split('/');
  const below = [first, ...rest].reduce((whole, part) => `${whole}/${part}`, '') as ApiPath;
  return { ...parts, collection: below, entry: (one) => `${below}${path`/${one}`}` as ApiPath };
};

/** Sorted by name. What the identity may not see is missing, without a word. */
export async function listEntries(
  api: ProxmoxApi,
  of: ConfigEntries,
  options: CallOptions = {},
): Promise<Listed<ConfigEntry>> {
  const answer = await api.get(of.collection, of.query ?? {}, options);
  const entries = rows(api, of.what, answer.data)
    .map((raw) => ({ name: name(api, of.what, raw, of.id), raw }))
    .sort(byName((entry) => entry.name));
  return { entries, digest: answer.digest };
}

/** No digest is offered for a new entry: an existing one of that name is refused. */
export const createEntry = (
  api: ProxmoxApi,
  of: ConfigEntries,
  id: string,
  params: Params,
  options: CallOptions = {},
): Promise<Answer> => oneAtATime(api, of.file, () => api.post(of.collection, { [of.id]: id, ...params }, options));

/** A patch that changes nothing is not sent: PVE refuses one, and a PBS puts a job off that is due. */
export const updateEntry = (
  api: ProxmoxApi,
  of: ConfigEntries,
  id: string,
  patch: Patch,
  options: CallOptions = {},
): Promise<Answer> =>
  oneAtATime(api, of.file, async () => {
    if (Object.keys(patch.set).length + patch.delete.length === 0) return { data: null };
    const digest = await digestFor(api, of, id, patch.digest, options);
    // PVE takes one list, PBS the key again and again.
    const names = api.product === 'pve' ? patch.delete.join(',') : patch.delete;
    const unset = patch.delete.length === 0 ? {} : { delete: names };
    return api.put(of.entry(id), { ...patch.set, ...unset, ...digest }, options);
  });

export const deleteEntry = (
  api: ProxmoxApi,
  of: ConfigEntries,
  id: string,
  digest: string | undefined,
  params: Params = {},
  options: CallOptions = {},
): Promise<Answer> =>
  oneAtATime(api, of.file, async () =>
    api.delete(of.entry(id), { ...params, ...(await digestFor(api, of, id, digest, options)) }, options),
  );

async function digestFor(
  api: ProxmoxApi,
  of: ConfigEntries,
  id: string,
  known: string | undefined,
  options: CallOptions,
): Promise<Params> {
  if (of.digest === 'none') return {};
  const digest = known ?? (await api.get(of.entry(id), {}, options)).digest;
  return digest === undefined ? {} : { digest };
}
