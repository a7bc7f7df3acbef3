// desired -> observed: each collection that something is declared in, or owned in, is read once, all servers at once. A server
// that does not answer is a reading with a fault; the others go on.
import type { Declared, Desired, ResourceKind } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { asFault } from '../fault.ts';
import type { Observed, Reading } from '../model/observed.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import { onceEach } from '../proxmox/once-each.ts';
import { kindOf, partsOf, type Ref } from '../values/ref.ts';
import { versionsOf } from './versions.ts';

export type Observing = Readonly<{
  resources: readonly ResourceKind[];
  desired: Desired;
  /** what Holdfast made or took over: it may lie where nothing is declared any more */
  owned: ReadonlySet<Ref>;
  /** every server of the estate: one that is silent is known to be, also where nothing is declared on it */
  servers?: readonly Readonly<{ name: string; product: 'pve' | 'pbs' }>[];
  signal?: AbortSignal;
}>;

export async function observe(world: World, observing: Observing): Promise<Observed> {
  const { resources, desired, signal } = observing;
  const look = oneLook(world);
  const known = knownIn(observing);
  const wanted = resources.flatMap((resource) => wantedOf(resource, observing, known));
  const [versions, readings] = await Promise.all([
    versionsOf(look, resources, desired, signal),
    Promise.all(wanted.map((one) => read(look, one, signal))),
  ]);
  return { at: world.clock.now(), readings, versions };
}

/** What two resources read alike (`/access/users` and its tokens) is one request. */
function oneLook(world: World): World {
  const apis = new Map<string, Promise<ProxmoxApi>>();
  const server: World['server'] = (name, identity) => {
    const key = `${name} ${identity}`;
    const api = apis.get(key) ?? world.server(name, identity).then(onceEach);
    apis.set(key, api);
    return api;
  };
  return { ...world, server };
}

type Known = Readonly<{
  declared: ReadonlyMap<string, readonly Declared[]>;
  /** server and name, by kind */
  owned: ReadonlyMap<string, readonly (readonly string[])[]>;
}>;

const knownIn = ({ desired, owned }: Observing): Known => ({
  declared: Map.groupBy(desired.declared, ({ kind }) => kind),
  owned: new Map([...Map.groupBy(owned, kindOf)].map(([kind, subjects]) => [kind, subjects.map(partsOf)])),
});

function wantedOf(resource: ResourceKind, { servers = [] }: Observing, known: Known): readonly Asked[] {
  const declared = known.declared.get(resource.name) ?? [];
  const owned = known.owned.get(resource.name) ?? [];
  const everywhere = resource.everywhere === true ? servers.filter(({ product }) => product === resource.product) : [];
  const names = [
    ...declared.map(({ server }) => server),
    ...owned.flatMap(([server]) => server ?? []),
    ...everywhere.map(({ name }) => name),
  ];
  return [...new Set(names)]
    .sort()
    .map((server) => ({ resource, server, within: withinOf(resource, server, declared, owned) }));
}

/** The datastores to ask, where each has a list of its own; such a thing is called `STORE/NAME`. */
function withinOf(
  { within }: ResourceKind,
  server: string,
  declared: readonly Declared[],
  owned: readonly (readonly string[])[],
): readonly string[] {
  if (within === undefined) return [];
  const here = declared.flatMap((one) => (one.server === server && one.within !== undefined ? [one.within] : []));
  // Also where nothing is declared any more.
  const ours = owned.flatMap(([on, name = '']) =>
    on === server && name.indexOf('/') > 0 ? [name.slice(0, name.indexOf('/'))] : [],
  );
  return [...new Set([...here, ...ours])].sort();
}

type Asked = Readonly<{ resource: ResourceKind; server: string; within: readonly string[] }>;

async function read(world: World, { resource, server, within }: Asked, signal?: AbortSignal): Promise<Reading> {
  try {
    const api = await world.server(server, 'observe');
    const { found } = await resource.read(api, { signal, within });
    const sorted = [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { kind: resource.name, server, at: world.clock.now(), answer: { found: sorted } };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { kind: resource.name, server, at: world.clock.now(), answer: { fault: asFault(error, server).toJSON() } };
  }
}
