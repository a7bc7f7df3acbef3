// Prune jobs of a PBS: they, and nobody else, remove backups there by schedule. Facts: pbs-api section 5.
import type { Decided, Declared, Fields, Written } from '../contracts/resource.ts';
import type { Datastore, Estate, PbsServer } from '../model/estate.ts';
import type { Found } from '../model/observed.ts';
import type { Change } from '../model/step.ts';
import type { Params } from '../proxmox/api.ts';
import {
  createPruneJob,
  deletePruneJob,
  type PbsPruneJob,
  pruneJobs,
  updatePruneJob,
} from '../proxmox/pbs-prune-job.ts';
import { digestOfText, type Json } from '../values/canonical.ts';
import { type Keep, normaliseKeep } from '../values/retention.ts';
import { keepFromProxmox, keepToOptions } from '../values/retention-property.ts';
import { changesBetween, creationOf, isNothing, same } from './compare.ts';
import { defineResource } from './define.ts';
import { type PruneJobEntry, type PruneJobsPart, pruneJobs as schema } from './pbs-prune-job-schema.ts';

const section = 'pbs[].datastores[].prune';

export const pbsPruneJob = defineResource<PruneJobsPart>({
  name: 'pbs-prune-job',
  title: 'prune job',
  product: 'pbs',
  after: [],
  configFile: 'prune.cfg',
  section: { at: 'datastore', key: 'prune', schema, declare },
  read: async (api, signal) => {
    const { entries, digest } = await pruneJobs(api, { signal });
    return { found: entries.map(foundIn), digest };
  },
  decide: decidePruneJob,
  create: (api, { name, fields }, signal) =>
    createPruneJob(api, { id: name, ...paramsOf(fields, Object.keys(fields)) }, { signal }),
  update: (api, wanted, found, { signal, digest }) =>
    updatePruneJob(api, wanted.name, { ...patchOf(wanted, found), digest }, { signal }),
  remove: (api, { name }, { signal, digest }) => deletePruneJob(api, name, digest, { signal }),
  sends: () => [],
});

// PBS takes no longer one (facts: pbs-api section 1).
const longestId = 32;

/** Where only one job is declared it needs no id of its own. */
function idOf(entry: PruneJobEntry, datastore: Datastore, index: number): string {
  const whole = entry.id ?? `holdfast-${datastore.name}${index === 0 ? '' : `-${index + 1}`}`;
  return whole.length <= longestId ? whole : `${whole.slice(0, longestId - 9)}-${digestOfText(whole).slice(0, 8)}`;
}

function declare(part: PruneJobsPart, estate: Estate, server: PbsServer, datastore: Datastore): readonly Declared[] {
  const at = ['pbs', estate.pbs.indexOf(server), 'datastores', server.datastores.indexOf(datastore), 'prune'];
  return (Array.isArray(part) ? part : [part]).map((entry, index) => ({
    server: server.name,
    name: idOf(entry, datastore, index),
    item: fieldsOf(entry, datastore),
    secrets: {},
    place: estate.placeOf(Array.isArray(part) ? [...at, index] : at),
    notes: keepsAll(entry) ? [keepsEverything] : [],
  }));
}

const policy = (keep: Keep): Json => ({ ...normaliseKeep(keep) }) as Json;
const keepsAll = (entry: PruneJobEntry): boolean => normaliseKeep(keepOf(entry)).keep_all === 1;
const keepsEverything = { level: 'warning', says: 'it keeps every backup, so it never prunes anything' } as const;

const keepOf = ({
  keep_last,
  keep_hourly,
  keep_daily,
  keep_weekly,
  keep_monthly,
  keep_yearly,
  keep_all,
}: Keep): Keep => ({
  ...{ keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_all },
});

const fieldsOf = (entry: PruneJobEntry, datastore: Datastore): Fields => ({
  store: datastore.name,
  schedule: entry.schedule,
  namespace: entry.namespace,
  max_depth: entry.max_depth ?? null,
  enabled: entry.enabled,
  comment: entry.comment ?? '',
  keep: policy(keepOf(entry)),
});

const foundIn = ({ id, store, schedule, namespace, maxDepth, disabled, comment, keep }: PbsPruneJob): Found => {
  const kept = keepFromProxmox(keep);
  return {
    name: id,
    value: {
      store,
      schedule: schedule ?? '',
      namespace,
      max_depth: maxDepth ?? null,
      enabled: !disabled,
      comment: comment ?? '',
      keep: 'problem' in kept ? {} : policy(kept),
    },
  };
};

function decidePruneJob(declared: Declared, found: Found | undefined): Decided {
  const { item, place, server } = declared;
  if (found === undefined) {
    const prunes = item['enabled'] !== false && normaliseKeep(item['keep'] as Keep).keep_all !== 1;
    const because = [
      `${place} declares it, and ${server} has no prune job of that id`,
      ...(prunes ? ['backups beyond its policy are removed when it first runs'] : []),
    ];
    const risk = prunes ? 'loses a restore point' : 'adds';
    return { act: 'create', because, changes: creationOf(section, item), risk };
  }
  const changes = changesBetween(section, found.value, item);
  if (changes.length === 0) return { act: 'none' };
  const shortens = removesMore(changes, item);
  const because = [
    `${server} holds another value than ${place}`,
    ...(shortens ? ['backups beyond the new policy are removed when the job next runs'] : []),
  ];
  return { act: 'update', because, changes, risk: shortens ? 'loses a restore point' : 'changes' };
}

/** Whether backups go that the job left alone until now: by a shorter policy, or since it looks where it did not. */
function removesMore(changes: readonly Change[], { keep, enabled }: Fields): boolean {
  if (enabled === false || normaliseKeep(keep as Keep).keep_all === 1) return false;
  return changes.some(({ field, class: meaning, from, to }) => {
    if (field === 'keep') return meaning === 'weakens';
    if (field === 'max_depth') return depthOf(to) > depthOf(from);
    return ['store', 'namespace', 'enabled'].includes(field);
  });
}

/** Without a number it goes all the way down. */
const depthOf = (levels: Json | undefined): number => (typeof levels === 'number' ? levels : Number.POSITIVE_INFINITY);

const names: Readonly<Record<string, string>> = { namespace: 'ns', max_depth: 'max-depth', enabled: 'disable' };

function paramsOf(fields: Fields, wanted: readonly string[]): Params {
  const params: Record<string, string | number | boolean> = {};
  for (const name of wanted) {
    const value = fields[name];
    if (name === 'keep') Object.assign(params, keepToOptions(value as Keep));
    else if (name === 'enabled') {
      if (value === false) params['disable'] = true;
    } else if (!isNothing(value)) params[names[name] ?? name] = value as string | number;
  }
  return params;
}

function patchOf({ fields }: Written, { value }: Found) {
  const differing = Object.keys(fields).filter((name) => !same(value[name], fields[name]));
  const set = paramsOf(fields, differing);
  const unset = differing
    .filter((name) => name !== 'keep' && (isNothing(fields[name]) || (name === 'enabled' && fields[name] === true)))
    .map((name) => names[name] ?? name);
  const keepsBefore = Object.keys(keepToOptions(value['keep'] as Keep));
  const keepsGone = differing.includes('keep') ? keepsBefore.filter((option) => set[option] === undefined) : [];
  return { set, delete: [...unset, ...keepsGone] };
}
