// Which datastore a storage entry of PVE leads to.
import type { Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import { kindOf, partsOf } from '../../values/ref.ts';
import { type Configured, configured, textOf } from './configured.ts';
import { oncePerLook } from './once.ts';

/** A namespace of a datastore on a PBS of the estate; the root is written as nothing. */
export type Target = Readonly<{ pbs: string; store: string; namespace: string }>;

export type Storages = Readonly<{
  all: readonly Configured[];
  /** by server and name */
  named(server: string, name: unknown): Configured | undefined;
  /** undefined where it leads to no PBS that the estate knows */
  targetOf(storage: Configured | undefined, fields: Fields | undefined): Target | undefined;
}>;

const once = oncePerLook(storagesNow);
export const storagesOf = (look: Look): Storages => once(look, 'storages');

function storagesNow(look: Look): Storages {
  const all = configured(look, 'pve-storage');
  const byName = new Map(all.map((one) => [`${one.server} ${one.name}`, one]));
  const pbsAt = addresses(look, all);
  return {
    all,
    named: (server, name) => byName.get(`${server} ${textOf(name)}`),
    targetOf: (storage, fields) => {
      if (storage === undefined || fields === undefined) return undefined;
      const pbs = (fields === storage.after ? pbsNeededBy(storage) : undefined) ?? pbsAt.get(addressOf(fields));
      const [store, namespace] = [textOf(fields['datastore']), textOf(fields['namespace'])];
      return pbs === undefined ? undefined : { pbs, store, namespace };
    },
  };
}

const addressOf = ({ server, port }: Fields): string => `${textOf(server).toLowerCase()} ${textOf(port ?? 8007)}`;

function pbsNeededBy({ needs }: Configured): string | undefined {
  const datastore = needs.find((subject) => kindOf(subject) === 'pbs-datastore');
  return datastore === undefined ? undefined : partsOf(datastore)[0];
}

/** What is declared tells it of the same address elsewhere, too; the others are known by the address the estate has. */
function addresses(look: Look, storages: readonly Configured[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const { name, url } of look.estate.pbs) {
    const parsed = URL.parse(url);
    if (parsed !== null)
      known.set(`${parsed.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()} ${parsed.port || '443'}`, name);
  }
  for (const storage of storages) {
    const pbs = pbsNeededBy(storage);
    if (pbs !== undefined && storage.after !== undefined) known.set(addressOf(storage.after), pbs);
  }
  return known;
}

export const isEnabled = (fields: Fields | undefined): fields is Fields =>
  fields !== undefined && fields['enabled'] !== false;

/** `tank`, `tank/prod` */
export const labelOf = ({ store, namespace }: Pick<Target, 'store' | 'namespace'>): string =>
  namespace === '' ? store : `${store}/${namespace}`;

export const keyOf = ({ pbs, store, namespace }: Target): string => `${pbs} ${store} ${namespace}`;
