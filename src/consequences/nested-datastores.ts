// A datastore below another one of the same PBS, or above it: the garbage collection of one would see the chunks of the other, so
// PBS takes no such path (facts: pbs-api section 3). It says so only when it is asked to make it.
import { posix } from 'node:path';
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import { type Configured, configured } from './compare/configured.ts';

export const nestedDatastores: Consequence = {
  name: 'nested-datastores',
  asks: () => [],
  judge: (look) => ({ refuses: refusedIn(look) }),
};

type Lying = Readonly<{ store: Configured; at: string }>;

function refusedIn(look: Look): NonNullable<Judged['refuses']> {
  const lying = configured(look, 'pbs-datastore').flatMap((store): readonly Lying[] => {
    const at = store.after === undefined ? undefined : folderOf(store.name, store.after);
    return at === undefined ? [] : [{ store, at }];
  });
  return lying.flatMap((one) => {
    const { step, server, subject } = one.store;
    if (step?.act !== 'create') return [];
    const other = lying.find((two) => two !== one && two.store.server === server && isInTheWay(two, one));
    if (other === undefined) return [];
    return [
      {
        ...{ step: step.id, subject, code: 'datastores-nested' },
        says: `it would lie at ${one.at}, and the datastore ${other.store.name} lies at ${other.at}: one within the other is refused by PBS`,
        remedy: `name another \`path\` for it, beside ${other.at}`,
      },
    ];
  });
}

/** Of two that are both to be made, one is: the outer, or of two at one place the first. */
function isInTheWay(other: Lying, one: Lying): boolean {
  if (!isWithin(one.at, other.at) && !isWithin(other.at, one.at)) return false;
  if (other.store.step?.act !== 'create') return true;
  return one.at === other.at ? other.store.name < one.store.name : isWithin(one.at, other.at);
}

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`);

/** Where it lies on the PBS; one on a removable device lies where that is mounted. */
function folderOf(name: string, { path, removable }: Fields): string | undefined {
  if (typeof removable === 'object' && removable !== null && Object.keys(removable).length > 0)
    return `/mnt/datastore/${name}`;
  return typeof path === 'string' && path.startsWith('/') ? posix.resolve(path) : undefined;
}
