// Sync jobs of a PBS: a second copy of its backups elsewhere, or of another's here. Facts: pbs-api section 5.
import type { Decided, Declared, Fields, ResourceOf } from '../../contracts/resource.ts';
import type { Estate, PbsServer } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { type ConfigEntries, entriesAt } from '../../proxmox/config-entries.ts';
import { ProxmoxRefusal } from '../../proxmox/refusal.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { type ConfigResource, configResource, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { pbsList } from '../common/list-section.ts';
import { pbsBehind } from '../common/pbs-behind.ts';
import { fields } from './pbs-sync-job-fields.ts';
import { type SyncJobEntry, syncJobs } from './pbs-sync-job-schema.ts';

const entries: ConfigEntries = entriesAt({
  ...{ file: 'sync.cfg', what: 'sync jobs', folder: 'config/sync', id: 'id' },
  // The list is of pull jobs alone unless it is asked for all.
  query: { 'sync-direction': 'all' },
});

type Part = Record<string, SyncJobEntry | readonly SyncJobEntry[]>;

const parts: ConfigResource<Part> = {
  name: 'pbs-sync-job',
  title: 'sync job',
  product: 'pbs',
  after: ['pbs-remote', 'pbs-datastore', 'pbs-namespace'],
  section: pbsList<SyncJobEntry>({
    key: 'sync',
    schema: syncJobs,
    fields,
    more: (entry, server, estate) => ({ needs: neededBy(entry, server, estate) }),
    written: (entry, { value }) => ({
      ...entry,
      store: value['store'] ?? '',
      remote_store: value['remote_store'] ?? '',
    }),
  }),
  entries,
  fields,
  path: 'pbs[].sync[]',
  weigh,
  refuse,
};

const syncJob = configResource(parts);
const { query: _, ...ofPullOnly } = entries;
const beforePush = configResource({ ...parts, entries: ofPullOnly });

const read: ResourceOf<Part>['read'] = async (api, options) => {
  try {
    return await syncJob.read(api, options);
  } catch (error) {
    // A PBS from before 3.3 knows pull jobs only, and not the question.
    if (error instanceof ProxmoxRefusal && 'sync-direction' in error.errors) return beforePush.read(api, options);
    throw error;
  }
};

export const pbsSyncJob = defineResource({ ...syncJob, read });

function neededBy(entry: SyncJobEntry, server: PbsServer, estate: Estate): readonly Ref[] {
  const { store, namespace, remote, remote_store, remote_namespace, owner } = entry;
  const there = remote === undefined ? server.name : remoteServer(remote, server, estate)?.name;
  return [
    ...placeOn(server.name, store, namespace),
    ...(remote === undefined ? [] : [ref('pbs-remote', server.name, remote)]),
    ...(there === undefined ? [] : placeOn(there, remote_store, remote_namespace)),
    ref('pbs-user', server.name, owner.split('!')[0] ?? ''),
    ...(owner.includes('!') ? [ref('pbs-token', server.name, owner)] : []),
    ref('pbs-acl', server.name),
  ];
}

const placeOn = (server: string, store: string, namespace: string): readonly Ref[] => [
  ref('pbs-datastore', server, store),
  ...(namespace === '' ? [] : [ref('pbs-namespace', server, `${store}/${namespace}`)]),
];

type RemoteLike = Readonly<{ name?: unknown; host?: unknown; port?: unknown; fingerprint?: unknown }>;

/** The PBS of the estate that a remote leads to; undefined where the estate does not declare it. */
function remoteServer(name: string, server: PbsServer, estate: Estate): PbsServer | undefined {
  const remotes = (server['remotes'] ?? []) as readonly RemoteLike[];
  const remote = remotes.find((one) => one.name === name);
  if (remote === undefined) return undefined;
  const fingerprint = remote.fingerprint === undefined ? undefined : String(remote.fingerprint).toUpperCase();
  return pbsBehind(estate, { server: String(remote.host), port: Number(remote.port), fingerprint });
}

type Refused = Extract<Decided, { act: 'refuse' }>;

function refuse({ item, server }: Declared, found: Found | undefined): Refused | undefined {
  if (found === undefined) return undefined;
  const before = found.value;
  if (item['direction'] === 'push' && before['direction'] === 'pull' && before['resync_corrupt'] === true)
    return {
      act: 'refuse',
      code: 'sync-direction-held',
      says: `it is a pull on ${server} with resync_corrupt on, and PBS neither lets a push have that nor takes it away with the turn`,
      remedy: 'declare it as a pull with `resync_corrupt: false` first and apply that, or give the push another name',
    };
  const key = before['active_encryption_key'];
  const keys = item['associated_keys'] as readonly string[];
  if (typeof key === 'string' && key !== '' && key !== item['active_encryption_key'] && !keys.includes(key))
    return {
      act: 'refuse',
      code: 'sync-key-kept',
      says: `it has encrypted with the key ${key} until now, and PBS keeps that key with the job, for what was encrypted with it`,
      remedy: `add it: \`associated_keys: [${[...keys, key].join(', ')}]\``,
    };
  return undefined;
}

/** With it on, these decide what counts as vanished. */
const decidesWhat: readonly string[] = [
  ...['remove_vanished', 'direction', 'store', 'remote', 'remote_store', 'namespace', 'remote_namespace'],
  ...['groups', 'max_depth'],
];

function weigh({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  const touched = changes.map(({ field }) => field);
  const because = [
    ...(neverStarts(item) && (found === undefined || touched.includes('schedule') || touched.includes('run_on_mount'))
      ? ['it has no schedule, so it never starts by itself']
      : []),
  ];
  const removes =
    item['remove_vanished'] === true && (found === undefined || touched.some((one) => decidesWhat.includes(one)));
  if (!removes) return { because, risk: found === undefined ? 'adds' : 'changes' };
  const says = `what is gone at the source, or is not selected there, is removed from ${targetOf(item)} with the next run`;
  return { because: [...because, says], risk: 'loses a restore point' };
}

const targetOf = (item: Fields): string =>
  item['direction'] === 'push' ? `${String(item['remote_store'])} on ${String(item['remote'])}` : String(item['store']);
const neverStarts = ({ schedule, run_on_mount }: Fields): boolean => schedule === '' && run_on_mount !== true;
