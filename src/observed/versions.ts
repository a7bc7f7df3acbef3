// What servers can do is asked of those alone on which something is declared that not every version has.
import type { Desired, ResourceKind } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import type { ServerVersion } from '../model/observed.ts';
import { featuresOf } from '../proxmox/features.ts';
import { versionOf } from '../proxmox/version.ts';

export async function versionsOf(
  world: World,
  resources: readonly ResourceKind[],
  { declared }: Desired,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ServerVersion>> {
  const kinds = new Map(resources.map((resource) => [resource.name, resource]));
  const servers = new Set(
    declared
      .filter(({ kind, item }) => {
        const resource = kinds.get(kind);
        return resource?.feature !== undefined || (resource?.features?.(item) ?? []).length > 0;
      })
      .map(({ server }) => server),
  );
  const versions = await Promise.all(
    [...servers].sort().map(async (server) => {
      try {
        const api = await world.server(server, 'observe');
        const version = await versionOf(api, { signal });
        const product = api.product === 'pve' ? 'Proxmox VE' : 'Proxmox Backup Server';
        const known = { text: `${product} ${version.text}`, features: featuresOf(api.product, version) };
        return [[server, known] as const];
      } catch (error) {
        // That it cannot be asked is said by its readings; a defect of ours is not swallowed.
        if (signal?.aborted || !(error instanceof Fault)) throw error;
        return [];
      }
    }),
  );
  return new Map(versions.flat());
}
