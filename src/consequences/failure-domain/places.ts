// Where things stand, as far as the estate tells: hosts at sites, a PBS on a host or on its own hardware, a datastore on a host's
// disks, and which PVE servers each PBS protects.
import type { Look } from '../../contracts/consequence.ts';
import type { Estate, PbsServer } from '../../model/estate.ts';
import { isEnabled, storagesOf } from '../compare/storages.ts';
import { unique } from '../compare/words.ts';

export type Stored = Readonly<{
  pbs: PbsServer;
  store: string;
  /** the host whose disks hold it; undefined where it is the PBS's own hardware */
  host: string | undefined;
  /** PVE servers that write to it */
  writers: readonly string[];
}>;

/** The datastores of the estate's PBS that PVE servers write to, once the plan is carried out. */
export function storedIn(look: Look): readonly Stored[] {
  const storages = storagesOf(look);
  const leading = storages.all.flatMap((storage) => {
    const target = isEnabled(storage.after) ? storages.targetOf(storage, storage.after) : undefined;
    return target === undefined ? [] : [{ server: storage.server, at: `${target.pbs} ${target.store}`, target }];
  });
  const servers = new Map(look.estate.pbs.map((pbs) => [pbs.name, pbs]));
  return [...Map.groupBy(leading, ({ at }) => at).values()].flatMap((ones) => {
    const { pbs: name, store } = ones[0]?.target ?? { pbs: '', store: '' };
    const pbs = servers.get(name);
    if (pbs === undefined) return [];
    return [{ pbs, store, host: hostOf(pbs, store), writers: unique(ones.map(({ server }) => server)) }];
  });
}

export const hostOf = ({ datastores, runs_on: on }: PbsServer, store: string): string | undefined =>
  datastores.find(({ name }) => name === store)?.stored_on ?? on?.pve;

export const siteOf = ({ places }: Estate, host: string): string | undefined =>
  places.find(({ hosts }) => hosts.includes(host))?.site;
