// What the estate itself makes on the PBS that a storage leads to: its login, its datastore, its namespace, its rights. Pure.
import type { Desired } from './contracts/resource.ts';
import type { Estate } from './model/estate.ts';
import { pbsBehind } from './resources/common/pbs-behind.ts';
import type { Right } from './resources/common/pbs-rights.ts';
import { mayDo } from './resources/pbs-acl/pbs-acl-rights.ts';
import type { PveStorageEntry } from './resources/pve-storage/pve-storage-schema.ts';
import type { Made } from './validate/asked.ts';
import { nothingMade } from './validate/made-by-apply.ts';

type Leads = Pick<PveStorageEntry, 'server' | 'port' | 'fingerprint' | 'datastore' | 'namespace' | 'username'>;

export function madeFor(entry: Leads, estate: Pick<Estate, 'pbs'>, declared: Desired['declared']): Made {
  const pbs = pbsBehind(estate, entry);
  if (pbs === undefined) return nothingMade;
  const { datastore, namespace, username } = entry;
  const there = declared.filter(({ server }) => server === pbs.name);
  const has = (wanted: string, name: string): boolean => there.some((one) => one.kind === wanted && one.name === name);
  const rights = there.filter(({ kind }) => kind === 'pbs-acl').map(({ item }) => item as unknown as Right);
  return {
    login: has('pbs-token', username) || has('pbs-user', username),
    datastore: has('pbs-datastore', datastore),
    namespace: has('pbs-namespace', `${datastore}/${namespace}`),
    may: (path) => mayTogether(rights, username, path),
  };
}

/** A token may do no more than its user. */
function mayTogether(rights: readonly Right[], login: string, path: string): ReadonlySet<string> {
  const own = mayDo(rights, login, path);
  if (!login.includes('!')) return own;
  const ofUser = mayDo(rights, login.split('!')[0] ?? '', path);
  return new Set([...own].filter((privilege) => ofUser.has(privilege)));
}
