// Namespaces of a PBS's datastores: places for groups of backups, one below the other. Facts: pbs-api section 4.
import * as z from 'zod';
import type { Declared, FoundOn, ResourceOf, Written } from '../../contracts/resource.ts';
import { madeNothing } from '../../contracts/resource.ts';
import { Fault } from '../../fault.ts';
import type { Datastore, Estate, PbsServer } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import { type ApiPath, type CallOptions, type ProxmoxApi, path } from '../../proxmox/api.ts';
import { byName, rows, text } from '../../proxmox/decode.ts';
import { isNotFound } from '../../proxmox/refusal.ts';
import { ref } from '../../values/ref.ts';
import { defineResource } from '../common/define.ts';
import { namespace } from '../common/schema-texts.ts';

type Part = { namespaces: string[] };

const resource: ResourceOf<Part> = {
  name: 'pbs-namespace',
  title: 'namespace',
  product: 'pbs',
  // Not after its datastore: that one goes without a backup, and must not wait until there is none in a namespace.
  after: [],
  within: 'pbs-datastore',
  // They stand in no file: PBS makes them as directories.
  configFile: 'namespaces',
  section: {
    at: 'datastore',
    shape: { namespaces: z.array(namespace).describe('namespaces that belong to it; those above are made with them') },
    declare,
    write,
  },
  read: async (api, { signal, within }) => {
    const stores = await Promise.all(within.map((store) => namespacesIn(api, store, { signal })));
    return { found: stores.flat() };
  },
  decide: ({ place, server }, found) =>
    found === undefined
      ? { act: 'create', because: [`${place} declares it, and ${server} has none`], changes: [], risk: 'adds' }
      : { act: 'none' },
  create: async (api, { name }, signal) => {
    const { store, parent, own } = partsOf(name);
    await api.post(listOf(store), { name: own, ...(parent === '' ? {} : { parent }) }, { signal });
    return madeNothing;
  },
  // Nothing of it can change: it is there, or it is not.
  update: async () => madeNothing,
  remove,
  sends: () => [],
};

export const pbsNamespace = defineResource(resource);

const listOf = (store: string): ApiPath => path`/admin/datastore/${store}/namespace`;

/** `tank/prod/db`: the datastore, what is above, and its own name there. */
function partsOf(name: string) {
  const [store = '', ...levels] = name.split('/');
  return { store, namespace: levels.join('/'), parent: levels.slice(0, -1).join('/'), own: levels.at(-1) ?? '' };
}

/** With every namespace above it: PBS makes one only where the one above is there. */
const withParents = (name: string): readonly string[] =>
  name.split('/').map((_, depth, levels) => levels.slice(0, depth + 1).join('/'));

function declare({ namespaces }: Part, estate: Estate, server: PbsServer, datastore: Datastore): readonly Declared[] {
  const at = ['pbs', estate.pbs.indexOf(server), 'datastores', server.datastores.indexOf(datastore), 'namespaces'];
  const placed = new Map<string, number>();
  // Its own line, where it has one, else that of the first below it.
  for (const [index, name] of namespaces.entries()) placed.set(name, placed.get(name) ?? index);
  for (const [index, name] of namespaces.entries())
    for (const above of withParents(name)) placed.set(above, placed.get(above) ?? index);
  return [...placed.keys()].sort().map((name) => ({
    ...{ server: server.name, name: `${datastore.name}/${name}`, within: datastore.name },
    ...{ item: {}, secrets: {}, notes: [] },
    needs: [
      ref('pbs-datastore', server.name, datastore.name),
      ...withParents(name)
        .slice(0, -1)
        .map((above) => ref('pbs-namespace', server.name, `${datastore.name}/${above}`)),
    ],
    place: estate.placeOf([...at, placed.get(name) ?? 0]),
  }));
}

function write(found: readonly FoundOn[], datastore: string): Written {
  const namespaces = found.filter(({ within }) => within === datastore).map(({ name }) => partsOf(name).namespace);
  return namespaces.length === 0 ? {} : { namespaces: namespaces.sort() };
}

async function namespacesIn(api: ProxmoxApi, store: string, options: CallOptions): Promise<readonly Found[]> {
  try {
    const { data } = await api.get(listOf(store), {}, options);
    // The root is always there, and is none of them.
    const names = rows(api, 'namespaces', data).flatMap((row) => text(row['ns']) ?? []);
    return names
      .map((name) => ({ name: `${store}/${name}`, value: {}, within: store }))
      .sort(byName((one) => one.name));
  } catch (error) {
    // The datastore is made by this very plan, or is missing, which is said where one is made in it.
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** PBS would take empty namespaces below it away too, and say of the others only afterwards that they are not empty. */
async function remove(api: ProxmoxApi, { name }: Found, { signal }: CallOptions): Promise<void> {
  const { store, namespace: ns } = partsOf(name);
  const [below, groups] = await Promise.all([
    api.get(listOf(store), { parent: ns }, { signal }),
    api.get(path`/admin/datastore/${store}/groups`, { ns }, { signal }),
  ]);
  const names = rows(api, 'namespaces', below.data).flatMap((row) => text(row['ns']) ?? []);
  const inside = names.filter((one) => one !== ns);
  if (inside.length > 0) throw notEmpty(name, `it holds ${inside.join(', ')}`, 'remove what is below it first');
  const backups = rows(api, 'groups', groups.data).map(
    (row) => `${text(row['backup-type'])}/${text(row['backup-id'])}`,
  );
  if (backups.length > 0)
    throw notEmpty(
      name,
      `it holds backups of ${backups.sort().join(', ')}, and Holdfast removes no backup with its place`,
      'move them to another namespace or remove them, on that PBS, or declare the namespace again',
    );
  await api.delete(listOf(store), { ns, 'delete-groups': false }, { signal });
}

const notEmpty = (name: string, says: string, remedy: string): Fault =>
  new Fault('namespace-not-empty', { where: name, says, remedy });
