// What can go wrong on the host: set, it is so until it is cleared.
import type { FaultName } from '../faults/catalogue.ts';
import { claims } from './claims.ts';
import { type Cluster, lvOf } from './cluster.ts';
import type { Wrong } from './lvm/group.ts';

/** Gives what undoes it. Throws, in words, where there is no such object. */
export function bringAboutOnHost(
  { cluster, wrong }: Readonly<{ cluster: Cluster; wrong: Wrong }>,
  name: FaultName,
  object: string | undefined,
): () => void {
  if (name === 'pool-full') return fillPool(wrong, object ?? 'data');
  if (name === 'cluster-down') {
    cluster.change((behaviour) => void Object.assign(behaviour, { api: 'refused' }));
    return () => cluster.change((behaviour) => void Object.assign(behaviour, { api: 'up' }));
  }
  const { namespace, uuid } = claimOf(object);
  if (name === 'bad-volume') {
    wrong.bad.push(lvOf(uuid));
    return () => void wrong.bad.splice(0, wrong.bad.length, ...wrong.bad.filter((one) => one !== lvOf(uuid)));
  }
  const pods = `${namespace}/*`;
  cluster.change(({ neverReady }) => void neverReady.push(pods));
  return () =>
    cluster.change((behaviour) => {
      behaviour.neverReady = behaviour.neverReady.filter((one) => one !== pods);
    });
}

function fillPool(wrong: Wrong, what: string): () => void {
  if (what !== 'data' && what !== 'metadata') throw new Error(`a pool has 'data' and 'metadata', not '${what}'`);
  const field = what === 'data' ? 'dataFull' : 'metadataFull';
  wrong[field] = true;
  return () => {
    wrong[field] = false;
  };
}

function claimOf(object: string | undefined) {
  const text = ({ namespace, claim }: (typeof claims)[number]): string => `${namespace}/${claim}`;
  const found = object === undefined ? claims[0] : claims.find((one) => text(one) === object);
  if (found !== undefined) return found;
  throw new Error(`there is no claim '${object}': they are ${claims.map(text).join(', ')}`);
}
