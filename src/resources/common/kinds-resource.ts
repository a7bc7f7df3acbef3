// One list of the estate for things that a PBS keeps in several lists of one file, a list for each kind: notification
// endpoints, metric servers (facts: pbs-api section 8). Each kind is a resource by its own table; `kind` says which.
import type { Declared, FoundOn, ResourceOf, Section } from '../../contracts/resource.ts';
import { Fault } from '../../fault.ts';
import type { PbsServer } from '../../model/estate.ts';
import type { Collection, Found } from '../../model/observed.ts';
import type { ProxmoxApi } from '../../proxmox/api.ts';
import type { Json } from '../../values/canonical.ts';
import { type ConfigResource, configResource, entryOf, type FieldTable, itemOf } from './config-resource.ts';
import type { Field } from './field.ts';
import type { More } from './list-section.ts';

type Entry = Readonly<{ name: string; kind: string }>;

export type OneKind<One extends Entry> = Pick<ConfigResource<unknown>, 'entries' | 'fields' | 'isOurs' | 'refuse'> &
  Readonly<{
    /** the entry by the names of the fields, where the file has them otherwise */
    fieldsOf?(entry: One): object;
    more?(entry: One): More;
    /** the item, where not every field of it is said */
    itemFrom?(item: Declared['item'], entry: One): Declared['item'];
    /** keys that nobody can write back: what stands behind them is never shown */
    unwritten?: readonly string[];
    /** what this kind does in its own way */
    adapt?(resource: ResourceOf<unknown>): ResourceOf<unknown>;
  }>;

export type KindsOf<Of extends Entry> = Readonly<{ [Kind in Of['kind']]: OneKind<Extract<Of, { kind: Kind }>> }>;

type KindsResource<Of extends Entry> = Pick<ConfigResource<unknown>, 'name' | 'title' | 'path' | 'feature'> &
  Readonly<{
    key: string;
    schema: Section<Record<string, readonly Of[]>>['shape'][string];
    after?: readonly string[];
    kinds: KindsOf<Of>;
  }>;

type Kinds = Readonly<Record<string, OneKind<Entry>>>;
type Part = Record<string, readonly Entry[]>;

export function resourceOfKinds<Of extends Entry>(of: KindsResource<Of>): ResourceOf<Part> {
  // By its kind an entry meets its own table: the schema has seen to that.
  const kinds = of.kinds as unknown as Kinds;
  const tables = tablesOf(kinds);
  const section: Section<Part> = {
    at: 'pbs',
    shape: { [of.key]: of.schema } as unknown as Section<Part>['shape'],
    declare: (part, estate, server) =>
      (part[of.key] ?? []).map((entry, index) => ({
        ...declaredAs(kinds, tables, entry, server),
        place: estate.placeOf(['pbs', estate.pbs.indexOf(server), of.key, index]),
      })),
    write: (found) => (found.length === 0 ? {} : { [of.key]: found.map((one) => writtenOf(kinds, tables, one)) }),
  };
  const { name, title, path, feature, after = [] } = of;
  const each = new Map<string, ResourceOf<unknown>>(
    Object.entries(kinds).map(([kind, { entries, isOurs, refuse, adapt }]) => {
      const one = configResource<unknown>({
        ...{ name, title, path, after, entries, fields: tables[kind] ?? {}, product: 'pbs' },
        section: section as unknown as Section<unknown>,
        ...(feature === undefined ? {} : { feature }),
        ...(isOurs === undefined ? {} : { isOurs }),
        ...(refuse === undefined ? {} : { refuse }),
      });
      return [kind, adapt?.(one) ?? one] as const;
    }),
  );
  const kindOf = ({ kind }: Readonly<Record<string, Json>>): ResourceOf<unknown> => {
    const one = each.get(String(kind));
    if (one === undefined) throw new Error(`a ${title} is of no kind ${String(kind)}`);
    return one;
  };
  const [first] = each.values();
  return {
    ...{ name, title, product: 'pbs', after, section, configFile: first?.configFile ?? '' },
    ...(feature === undefined ? {} : { feature }),
    features: (item) => kindOf(item).features?.(item) ?? [],
    read: (api, options) => readAll([...each.values()], api, options),
    decide: (declared, found) => kindOf(declared.item).decide(declared, found),
    create: (api, wanted, signal) => kindOf(wanted.fields).create(api, wanted, signal),
    update: (api, wanted, found, options) => kindOf(wanted.fields).update(api, wanted, found, options),
    remove: (api, found, options) => kindOf(found.value).remove(api, found, options),
    sends: (declared, found) => kindOf(declared.item).sends(declared, found),
  };
}

/** The path that it stands in, and with it everything else it is: a PBS never changes it. */
const kindField = (kind: string): Field => ({
  ...{ params: [], standard: kind, fixed: true },
  from: () => kind,
  to: () => ({}),
});

const tablesOf = (kinds: Kinds): Readonly<Record<string, FieldTable>> =>
  Object.fromEntries(Object.entries(kinds).map(([kind, { fields }]) => [kind, { kind: kindField(kind), ...fields }]));

function declaredAs(
  kinds: Kinds,
  tables: Readonly<Record<string, FieldTable>>,
  entry: Entry,
  { name: server }: PbsServer,
): Omit<Declared, 'place'> {
  const kind = kinds[entry.kind];
  const item = itemOf(tables[entry.kind] ?? {}, kind?.fieldsOf?.(entry) ?? entry);
  const more = kind?.more?.(entry);
  return {
    ...{ server, name: entry.name, item: kind?.itemFrom?.(item, entry) ?? item, secrets: {}, notes: [] },
    ...more,
  };
}

function writtenOf(kinds: Kinds, tables: Readonly<Record<string, FieldTable>>, found: FoundOn): Json {
  const kind = String(found.value['kind']);
  const fields = Object.entries(entryOf(tables[kind] ?? {}, found));
  const said = fields.filter(([key]) => !(kinds[kind]?.unwritten ?? []).includes(key));
  return { name: found.name, kind, ...Object.fromEntries(said) };
}

const attempts = 3;

/** All lists of one file: where somebody wrote to it between them, they are asked again, so that one digest is of all. */
async function readAll(
  each: readonly ResourceOf<unknown>[],
  api: ProxmoxApi,
  options: Parameters<ResourceOf<unknown>['read']>[1],
  attempt = 1,
): Promise<Collection> {
  const lists = await Promise.all(each.map((one) => one.read(api, options)));
  const digests = new Set(lists.flatMap(({ digest }) => digest ?? []));
  if (digests.size > 1 && attempt < attempts) return readAll(each, api, options, attempt + 1);
  if (digests.size > 1)
    throw new Fault('changed-meanwhile', {
      where: api.name,
      says: 'its lists were changed each time they were read',
      remedy: 'let the other change there end, then try again',
    });
  const found: readonly Found[] = lists.flatMap((list) => list.found);
  return { found: [...found].sort((one, other) => (one.name < other.name ? -1 : 1)), digest: [...digests][0] };
}
