// desired -> observed: each collection that something is declared in (or owned in) is read once, all servers at once. A server
// that does not answer is a reading with a fault; the others go on.
import type { Desired, ResourceKind } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { asFault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import type { Observed, Reading } from '../model/observed.ts';

export async function observe(
  world: World,
  estate: Estate,
  resources: readonly ResourceKind[],
  desired: Desired,
  signal?: AbortSignal,
): Promise<Observed> {
  const wanted = resources.flatMap((resource) =>
    serversOf(resource, estate, desired).map((server) => ({ resource, server })),
  );
  const readings = await Promise.all(wanted.map(({ resource, server }) => read(world, resource, server, signal)));
  return { at: world.clock.now(), readings };
}

/** Every server of the product is asked: something of ours may lie where nothing is declared any more. */
function serversOf(resource: ResourceKind, estate: Estate, desired: Desired): readonly string[] {
  const servers = (resource.product === 'pve' ? estate.pve : estate.pbs).map((server) => server.name);
  const declared = desired.declared.filter(({ kind }) => kind === resource.name).map(({ server }) => server);
  return [...new Set([...servers, ...declared])].sort();
}

async function read(world: World, resource: ResourceKind, server: string, signal?: AbortSignal): Promise<Reading> {
  try {
    const api = await world.server(server, 'observe');
    const found = [...(await resource.read(api, signal)).found].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { kind: resource.name, server, at: world.clock.now(), answer: { found } };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { kind: resource.name, server, at: world.clock.now(), answer: { fault: asFault(error, server).toJSON() } };
  }
}
