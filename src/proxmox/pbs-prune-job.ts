// PBS's prune jobs, `prune.cfg` (facts: pbs-api section 5).
import { type CallOptions, type Params, type ProxmoxApi, path } from './api.ts';
import { oneAtATime, type Patch } from './config-file.ts';
import { byName, flag, name, type Row, rows, text, whole } from './decode.ts';
import type { Listed } from './pbs.ts';

export const keepOptions = [
  'keep-last',
  'keep-hourly',
  'keep-daily',
  'keep-weekly',
  'keep-monthly',
  'keep-yearly',
] as const;
export type KeepOption = (typeof keepOptions)[number];

export type PbsPruneJob = Readonly<{
  id: string;
  store: string;
  schedule: string | undefined;
  /** empty: the root namespace */
  namespace: string;
  maxDepth: number | undefined;
  keep: Readonly<Partial<Record<KeepOption, number>>>;
  disabled: boolean;
  comment: string | undefined;
  raw: Row;
}>;

const file = 'prune.cfg';

/** Sorted by id. Jobs of datastores without Datastore.Audit or Modify are missing, without a word. */
export async function pruneJobs(api: ProxmoxApi, options: CallOptions = {}): Promise<Listed<PbsPruneJob>> {
  const answer = await api.get(path`/config/prune`, {}, options);
  const entries = rows(api, 'prune jobs', answer.data)
    .map((raw) => pruneJobIn(api, raw))
    .sort(byName((job) => job.id));
  return { entries, digest: answer.digest };
}

function pruneJobIn(api: ProxmoxApi, raw: Row): PbsPruneJob {
  return {
    id: name(api, 'prune jobs', raw, 'id'),
    store: name(api, 'prune jobs', raw, 'store'),
    schedule: text(raw.schedule),
    namespace: text(raw.ns) ?? '',
    maxDepth: whole(raw['max-depth']),
    keep: Object.fromEntries(
      keepOptions.flatMap((option) => {
        const count = whole(raw[option]);
        return count === undefined ? [] : [[option, count]];
      }),
    ),
    disabled: flag(raw.disable),
    comment: text(raw.comment),
    raw,
  };
}

/** No digest is offered for a new job: an existing one of that id is refused. */
export const createPruneJob = (api: ProxmoxApi, params: Params, options: CallOptions = {}): Promise<void> =>
  oneAtATime(api, file, async () => {
    await api.post(path`/config/prune`, params, options);
  });

export const updatePruneJob = (api: ProxmoxApi, id: string, patch: Patch, options: CallOptions = {}): Promise<void> =>
  oneAtATime(api, file, async () => {
    const digest = patch.digest ?? (await presentDigest(api, id, options));
    const unset = patch.delete.length === 0 ? {} : { delete: patch.delete };
    await api.put(path`/config/prune/${id}`, { ...patch.set, ...unset, ...digestParam(digest) }, options);
  });

export const deletePruneJob = (
  api: ProxmoxApi,
  id: string,
  digest?: string,
  options: CallOptions = {},
): Promise<void> =>
  oneAtATime(api, file, async () => {
    const present = digest ?? (await presentDigest(api, id, options));
    await api.delete(path`/config/prune/${id}`, digestParam(present), options);
  });

const presentDigest = async (api: ProxmoxApi, id: string, options: CallOptions): Promise<string | undefined> =>
  (await api.get(path`/config/prune/${id}`, {}, options)).digest;

const digestParam = (digest: string | undefined): Params => (digest === undefined ? {} : { digest });
