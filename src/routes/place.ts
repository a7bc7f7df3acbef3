// Where a copy stands, as far as the estate tells: on which disk, which host, at which site. What is not declared is unknown, and
// unknown is never apart.
import type { Datastore, Estate, PbsServer } from '../model/estate.ts';
import type { RouteSource, RouteTarget } from '../model/route.ts';
import type { SameHost } from '../model/route-graph.ts';
import { hostsOf } from '../model/same-host.ts';

export type Place = Readonly<{
  /** one word for all names of the host */
  host: string | undefined;
  site: string | undefined;
  disk: string | undefined;
}>;

export type Apart = 'another site' | 'another host' | 'another disk' | 'the same host' | 'the same disk' | 'unknown';

export type Surroundings = Readonly<{
  hostOf: SameHost;
  placeOf(what: RouteSource | RouteTarget): Place;
}>;

const nowhere: Place = { host: undefined, site: undefined, disk: undefined };

export type Declared = Pick<Estate, 'places' | 'machines' | 'kubernetes' | 'pve' | 'pbs'>;

export function surroundingsIn(estate: Declared): Surroundings {
  const hostOf = hostsOf(estate);
  const names = new Set([...estate.machines, ...estate.pve, ...estate.pbs].map(({ name }) => name));
  const siteOf = (host: string): string | undefined =>
    estate.places.find(({ hosts }) => hosts.some((one) => one === host || (names.has(one) && hostOf(one) === host)))
      ?.site;
  const at = (name: string | undefined, disk?: string): Place => {
    if (name === undefined) return nowhere;
    const host = hostOf(name);
    return { host, site: siteOf(host), disk };
  };
  return {
    hostOf,
    placeOf: (what) => {
      if (what.what === 'remote' || what.what === 'points') return nowhere;
      if (what.what === 'datastore') return at(...hostOfDatastore(estate, what.on, what.at));
      const host = outermost(estate, what.on);
      if (what.what === 'volumes') return at(host, `${what.in} on ${host}`);
      return at(host, what.what === 'folder' && 'disk' in what && what.disk ? `${what.disk} on ${host}` : undefined);
    },
  };
}

/** A container lies on its host's disks. A pod may be on any node. */
function outermost({ machines }: Declared, name: string): string | undefined {
  const machine = machines.find((one) => one.name === name);
  if (machine === undefined || 'local' in machine || 'ssh' in machine) return name;
  if ('kubectl' in machine) return undefined;
  return outermost({ machines } as Declared, 'pct' in machine ? machine.pct.on : machine.docker.on);
}

function hostOfDatastore({ pbs }: Declared, on: string | undefined, at: string): [string | undefined, string?] {
  const server = pbs.find(({ name }) => name === on);
  const datastore = server?.datastores.find(({ name }) => name === at.split('/')[0]);
  if (server === undefined || isInBucket(datastore)) return [undefined];
  return [datastore?.stored_on ?? hostOfServer(server)];
}
const hostOfServer = ({ runs_on, name }: PbsServer): string => runs_on?.pve ?? name;
const isInBucket = (datastore: Datastore | undefined): boolean => datastore?.['s3'] !== undefined;

export function apart(one: Place, other: Place): Apart {
  if (one.disk !== undefined && one.disk === other.disk) return 'the same disk';
  if (one.host === undefined || other.host === undefined) return 'unknown';
  if (one.host === other.host)
    return one.disk !== undefined && other.disk !== undefined ? 'another disk' : 'the same host';
  if (one.site === undefined || other.site === undefined) return 'another host';
  return one.site === other.site ? 'another host' : 'another site';
}
