// Datastores of a PBS: the directory, the device or the bucket that backups lie in. Facts: pbs-api section 3.
import type { Decided, Declared, Fields, ResourceOf } from '../../contracts/resource.ts';
import { madeNothing } from '../../contracts/resource.ts';
import type { Datastore, Estate, PbsServer } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { createEntry, deleteEntry, entriesAt } from '../../proxmox/config-entries.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { isNothing } from '../common/compare.ts';
import { configResource, entryOf, itemOf, paramsOf, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { followingTasks } from '../common/following-tasks.ts';
import { fields, place } from './pbs-datastore-fields.ts';
import { type DatastorePart, datastoreShape } from './pbs-datastore-schema.ts';

const entries = entriesAt({ file: 'datastore.cfg', what: 'datastores', folder: 'config/datastore', id: 'name' });

const asEntry = configResource<DatastorePart>({
  name: 'pbs-datastore',
  title: 'datastore',
  product: 'pbs',
  everywhere: true,
  after: ['pbs-s3-endpoint'],
  section: {
    at: 'datastore',
    shape: datastoreShape as ResourceOf<DatastorePart>['section']['shape'],
    declare,
    write: (found, datastore) => {
      const one = found.find(({ name }) => name === datastore);
      return one === undefined ? {} : entryOf(fields, one);
    },
  },
  entries,
  fields,
  path: 'pbs[].datastores[]',
  whenFixed: {
    remedy:
      'declare it as it is there; to move its backups, declare another datastore and a sync job without a remote between the two',
  },
  weigh,
  refuse,
});

const datastore: ResourceOf<DatastorePart> = {
  ...asEntry,
  decide: (declared, found) =>
    asEntry.decide(found === undefined ? declared : { ...declared, item: withoutWishes(declared.item) }, found),
  create: async (api, { name, fields: wanted }, signal) => {
    // Never a retention: PBS would make a prune job of its own of it.
    const wishes = {
      'reuse-datastore': wanted['reuse'] === true,
      'overwrite-in-use': wanted['overwrite_in_use'] === true,
    };
    const said = Object.entries(wishes).filter(([, wish]) => wish);
    await createEntry(api, entries, name, { ...paramsOf(fields, wanted), ...Object.fromEntries(said) }, { signal });
    return madeNothing;
  },
  remove: async (api, { name }, { signal, digest }) => {
    // Without the first, every job of it and every right on it would go as well; the second would be its backups.
    const spared = { 'keep-job-configs': true, 'destroy-data': false };
    await deleteEntry(api, entries, name, digest, spared, { signal });
  },
};

export const pbsDatastore = followingTasks(defineResource(datastore), {
  post: 'create-datastore',
  delete: 'delete-datastore',
  remedies: [
    {
      words: /path not empty/,
      remedy:
        'look at what lies there: where it is a datastore, take it over with `reuse: true`; else name another `path`',
    },
    {
      words: /in-use marker/i,
      remedy:
        'make sure that no other PBS uses that bucket, for two that write to it spoil both; where none does, say `overwrite_in_use: true` (and `reuse: true` to take over what is in it)',
    },
  ],
});

/** What is asked of its making only, and of what is there nobody can tell. */
const wishes = ['reuse', 'overwrite_in_use'] as const;

const withoutWishes = (item: Fields): Fields =>
  Object.fromEntries(Object.entries(item).filter(([key]) => !(wishes as readonly string[]).includes(key)));

function declare(part: DatastorePart, estate: Estate, server: PbsServer, { name }: Datastore): readonly Declared[] {
  const index = server.datastores.findIndex((one) => one.name === name);
  const given: Readonly<Record<string, unknown>> = part;
  // Where it lies is compared only as far as it is said: an entry may speak of the rest of it alone. How it tells, too: what PBS
  // does of itself depends on its version, and its web interface sets it without being asked.
  const unsaid = (field: string): boolean =>
    given[field] === undefined &&
    (field === 'notification_mode' || (part.path === undefined && Object.hasOwn(place, field)));
  const item = Object.entries(itemOf(fields, part)).filter(([field]) => !unsaid(field));
  const wished = wishes.filter((wish) => part[wish] === true).map((wish) => [wish, true] as const);
  return [
    {
      ...{ server: server.name, name, item: Object.fromEntries([...item, ...wished]), secrets: {}, notes: [] },
      needs: part.s3 === undefined ? [] : [ref('pbs-s3-endpoint', server.name, part.s3.endpoint)],
      place: estate.placeOf(['pbs', estate.pbs.indexOf(server), 'datastores', index]),
    },
  ];
}

type Refused = Extract<Decided, { act: 'refuse' }>;

function refuse({ item, name, server }: Declared, found: Found | undefined): Refused | undefined {
  const refused = (code: string, says: string, remedy: string): Refused => ({ act: 'refuse', code, says, remedy });
  const path = item['path'];
  if (found === undefined && path === undefined)
    return refused(
      'datastore-without-path',
      `${server} has no datastore ${name}, and it names no path to make one at`,
      `add \`path: /mnt/datastore/${name}\` to it`,
    );
  const isRemovable = !isNothing(found?.value['removable'] ?? item['removable']);
  if (isRemovable && !isNothing(item['s3']))
    return refused('datastore-place-unclear', 'it lies on a device or in S3, not in both', 'take one of them out');
  if (typeof path === 'string' && path.startsWith('/') === isRemovable && found === undefined)
    return refused(
      'datastore-place-unclear',
      isRemovable
        ? `its path is ${path}, and on a removable device it is one below the device's own root`
        : `its path is ${path}, and a PBS takes only one from the root on`,
      isRemovable ? 'write it without the leading /, such as `path: backups`' : `write it as \`path: /${path}\``,
    );
  if (item['gc_on_unmount'] === true && !isRemovable)
    return refused('datastore-place-unclear', 'it is not removable, so nobody unmounts it', 'take `gc_on_unmount` out');
  return undefined;
}

const stops: Readonly<Record<string, string>> = {
  'read-only':
    'while it is read-only nothing is written to it: backups, syncs into it, pruning and garbage collection fail; restores go on',
  offline: 'while it is offline nothing is read or written: backups, restores, syncs, verification and pruning fail',
};

function weigh({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  const mode = modeOf(item['maintenance']);
  const closes = mode !== undefined && modeOf(found?.value['maintenance']) !== mode;
  const opens = found !== undefined && mode === undefined && changes.some(({ field }) => field === 'maintenance');
  const because = [
    ...(closes ? [stops[mode] ?? `it is closed: ${mode}`] : []),
    ...(opens ? ['it is open again: backups to it, and what is scheduled, go on'] : []),
    ...(found === undefined && item['gc'] === '' ? ['it has no `gc`, so space is never freed by itself'] : []),
  ];
  if (found === undefined) return { because, risk: 'adds' };
  return { because, risk: closes ? 'interrupts' : 'changes' };
}

const modeOf = (maintenance: Json | undefined): string | undefined => {
  const { mode } = (maintenance ?? {}) as Readonly<{ mode?: string }>;
  return mode;
};
