// The usual section: a list under one key of a PBS, of a datastore, or at the top of the file, each entry by its name.

import type { ZodType } from 'zod';
import type { Declared, FoundOn, Section } from '../../contracts/resource.ts';
import type { Datastore, Estate, PbsServer } from '../../model/estate.ts';
import type { Json } from '../../values/canonical.ts';
import { type Ref, ref } from '../../values/ref.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { entryOf, type FieldTable, itemOf } from './config-resource.ts';

/** What an entry brings beside its fields. */
export type More = Partial<Pick<Declared, 'secrets' | 'saves' | 'needs' | 'notes' | 'within'>>;

export type ListSection<Entry> = Readonly<{
  key: string;
  /** of the whole list; of a datastore, one entry needs no list around it */
  schema: ZodType<Entry | readonly Entry[]>;
  fields: FieldTable;
  /** the key of an entry that names it on the server; `name` without */
  id?: keyof Entry & string;
  /** the entry by the names of the fields, where the file has them otherwise */
  fieldsOf?(entry: Entry): object;
  more?(entry: Entry, server: PbsServer, estate: Estate): More;
  /** changes the mapping that is written of a found one, where its fields are not all of it */
  written?(entry: Readonly<Record<string, Json>>, found: FoundOn): Readonly<Record<string, Json>>;
}>;

/** Entries of a PBS: `pbs[].remotes`. */
export function pbsList<Entry extends object>(
  of: ListSection<Entry>,
): Section<Record<string, Entry | readonly Entry[]>> {
  return {
    at: 'pbs',
    shape: { [of.key]: of.schema },
    declare: (part, estate, server) => {
      const at = ['pbs', estate.pbs.indexOf(server), of.key];
      const given = part[of.key] ?? [];
      return declaredIn(of, Array.isArray(given) ? given : [given as Entry], estate, server, at);
    },
    write: (found) => writtenIn(of, found),
  };
}

/** Entries of a datastore: `pbs[].datastores[].verify`; the datastore itself is their field `store`. */
export function datastoreList<Entry extends object>(
  of: ListSection<Entry> & Readonly<{ nameOf(entry: Entry, datastore: Datastore, index: number): string }>,
): Section<Record<string, Entry | readonly Entry[]>> {
  return {
    at: 'datastore',
    shape: { [of.key]: of.schema },
    declare: (part, estate, server, datastore) => {
      const given = part[of.key] ?? [];
      const entries = (Array.isArray(given) ? given : [given]) as readonly Entry[];
      const at = ['pbs', estate.pbs.indexOf(server), 'datastores', server.datastores.indexOf(datastore), of.key];
      return entries.map((entry, index) => {
        const one = base(of, entry, estate, server, { store: datastore.name });
        return {
          ...one,
          needs: [...placeNeeded(server, datastore, one.item['namespace']), ...one.needs],
          name: of.nameOf(entry, datastore, index),
          place: estate.placeOf(Array.isArray(given) ? [...at, index] : at),
        };
      });
    },
    write: (found, datastore) => {
      const here = found.filter(({ value }) => value['store'] === datastore);
      const entries = here.map((one) => {
        const { store: _, ...entry } = entryOf(of.fields, one);
        return of.written?.({ id: one.name, ...entry }, one) ?? { id: one.name, ...entry };
      });
      return entries.length === 0 ? {} : { [of.key]: entries };
    },
  };
}

/** The datastore, and the namespace an entry is for. */
const placeNeeded = (server: PbsServer, { name }: Datastore, namespace: Json | undefined): readonly Ref[] => [
  ref('pbs-datastore', server.name, name),
  ...(typeof namespace === 'string' && namespace !== ''
    ? [ref('pbs-namespace', server.name, `${name}/${namespace}`)]
    : []),
];

function declaredIn<Entry extends object>(
  of: ListSection<Entry>,
  entries: readonly Entry[],
  estate: Estate,
  server: PbsServer,
  at: readonly (string | number)[],
): readonly Declared[] {
  return entries.map((entry, index) => ({
    ...base(of, entry, estate, server),
    name: String((entry as Readonly<Record<string, unknown>>)[of.id ?? 'name']),
    place: estate.placeOf([...at, index]),
  }));
}

function base<Entry extends object>(
  of: ListSection<Entry>,
  entry: Entry,
  estate: Estate,
  server: PbsServer,
  above: object = {},
) {
  return {
    server: server.name,
    item: itemOf(of.fields, { ...(of.fieldsOf?.(entry) ?? entry), ...above }),
    secrets: {} as Readonly<Record<string, SecretReference>>,
    needs: [] as readonly Ref[],
    notes: [],
    ...of.more?.(entry, server, estate),
  };
}

function writtenIn<Entry>(of: ListSection<Entry>, found: readonly FoundOn[]): Readonly<Record<string, Json>> {
  const entries = found.map((one) => {
    const entry = { [of.id ?? 'name']: one.name, ...entryOf(of.fields, one) };
    return of.written?.(entry, one) ?? entry;
  });
  return entries.length === 0 ? {} : { [of.key]: entries };
}
