// Everything that the servers of an estate hold, of every kind of resource, whether it is declared or not: what `import` starts
// from. A collection that cannot be read is said; the others go on.
import type { FoundOn, ResourceKind } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { asFault, type FaultRecord } from '../fault.ts';
import type { Connections } from '../model/estate.ts';
import { featuresOf } from '../proxmox/features.ts';
import { versionOf } from '../proxmox/version.ts';

export type Collected = Readonly<{ resource: ResourceKind; server: string; found: readonly FoundOn[] }>;
export type Uncollected = Readonly<{ resource: ResourceKind; server: string; fault: FaultRecord }>;
export type Everything = Readonly<{ collected: readonly Collected[]; unread: readonly Uncollected[] }>;

export async function readEverything(
  world: World,
  { pve, pbs }: Pick<Connections, 'pve' | 'pbs'>,
  resources: readonly ResourceKind[],
  signal?: AbortSignal,
): Promise<Everything> {
  const servers = [...pve, ...pbs];
  const answers = await Promise.all(
    servers.map(({ name, product }) =>
      ofServer(
        world,
        name,
        resources.filter((resource) => resource.product === product),
        signal,
      ),
    ),
  );
  return { collected: answers.flatMap((one) => one.collected), unread: answers.flatMap((one) => one.unread) };
}

async function ofServer(
  world: World,
  server: string,
  resources: readonly ResourceKind[],
  signal?: AbortSignal,
): Promise<Everything> {
  const can = await featuresHere(world, server, signal);
  const known = resources.filter(({ feature }) => feature === undefined || can === undefined || can.has(feature));
  const first = await Promise.all(
    known.filter(({ within }) => within === undefined).map((resource) => collect(world, server, resource, [], signal)),
  );
  const namesOf = (kind: string): readonly string[] =>
    first.flatMap((one) => ('found' in one && one.resource.name === kind ? one.found.map(({ name }) => name) : []));
  const second = await Promise.all(
    known.flatMap((resource) =>
      resource.within === undefined ? [] : [collect(world, server, resource, namesOf(resource.within), signal)],
    ),
  );
  const all = [...first, ...second];
  return { collected: all.filter((one) => 'found' in one), unread: all.filter((one) => 'fault' in one) };
}

/** Undefined where it cannot be asked: then each collection says so for itself. */
async function featuresHere(
  world: World,
  server: string,
  signal?: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const api = await world.server(server, 'observe');
    return featuresOf(api.product, await versionOf(api, { signal }));
  } catch (error) {
    if (signal?.aborted) throw error;
    asFault(error, server);
    return undefined;
  }
}

async function collect(
  world: World,
  server: string,
  resource: ResourceKind,
  within: readonly string[],
  signal?: AbortSignal,
): Promise<Collected | Uncollected> {
  try {
    const { found } = await resource.read(await world.server(server, 'observe'), { signal, within });
    const sorted = [...found].sort((one, other) => (one.name < other.name ? -1 : 1));
    return { resource, server, found: sorted.map((one) => ({ ...one, server })) };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { resource, server, fault: asFault(error, server).toJSON() };
  }
}
