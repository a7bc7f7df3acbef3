// Two servers of the estate that are nodes of one cluster: whatever is declared for both would be made there twice, and the
// second time PVE refuses it. A node is known by its name and its certificate, for many a host is called `pve`.
import { type Check, type Looked, verdictOf } from './check.ts';
import type { PveSide } from './pve-side.ts';

type Seen = Readonly<{ looked: Looked; side: Pick<PveSide, 'nodes'> | undefined }>;

/** The checks of each server, and of the later one of such a pair that it stands there twice. */
export function namedTwice(servers: readonly Seen[]): readonly Looked[] {
  const earlier = new Map<string, string>();
  return servers.map(({ looked, side }) => {
    const own = (side?.nodes ?? []).filter(({ certificate }) => certificate !== undefined);
    const shared = own.find((node) => earlier.has(nameOf(node)));
    const first = shared === undefined ? undefined : earlier.get(nameOf(shared));
    for (const node of own) if (!earlier.has(nameOf(node))) earlier.set(nameOf(node), first ?? looked.name);
    if (shared === undefined || first === undefined) return looked;
    const check: Check = {
      check: 'cluster',
      state: 'wrong',
      seen: `it is of the same cluster as ${first}: both have the node ${shared.node}, with the same certificate; what is declared for both would be made there twice`,
      remedy: `name each cluster once: take ${looked.name} out, or ${first}; where a storage is for some nodes only, say so with its \`nodes\``,
    };
    const checks = [...looked.checks, check];
    return { ...looked, verdict: verdictOf(checks), checks };
  });
}

const nameOf = ({ node, certificate }: PveSide['nodes'][number]): string => `${node} ${certificate}`;
