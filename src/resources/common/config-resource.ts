// A resource that is an entry of a config file: everything it needs beside its schema is a table of fields. What is compared,
// sent, unset and written back to an estate follows from that table alone.
import type { Decided, Declared, Fields, ResourceOf, Section, Wanted } from '../../contracts/resource.ts';
import { madeNothing } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { Change, Risk } from '../../model/step.ts';
import type { Params } from '../../proxmox/api.ts';
import {
  type ConfigEntries,
  type ConfigEntry,
  createEntry,
  deleteEntry,
  listEntries,
  updateEntry,
} from '../../proxmox/config-entries.ts';
import type { Json } from '../../values/canonical.ts';
import { changesBetween, creationOf, same } from './compare.ts';
import { type Field, tidy } from './field.ts';

export type FieldTable = Readonly<Record<string, Field>>;
/** What a change means beyond the fields that it names. */
export type Weight = Readonly<{ because: readonly string[]; risk: Risk }>;

export type ConfigResource<Part> = Readonly<{
  name: string;
  title: string;
  product: 'pve' | 'pbs';
  after?: readonly string[];
  feature?: string;
  everywhere?: true;
  section: Section<Part>;
  entries: ConfigEntries;
  fields: FieldTable;
  /** where its fields stand in the estate, by which their class of change is known: `pbs[].remotes[]` */
  path: string;
  /** `refuse`, with what to do instead, where making it anew would cost what is in it */
  whenFixed?: 'replace' | Readonly<{ remedy: string }>;
  /** entries of the file that are something else */
  isOurs?(entry: ConfigEntry): boolean;
  weigh?(declared: Declared, found: Found | undefined, changes: readonly Change[]): Weight;
  /** what cannot be done as declared, whatever the fields say */
  refuse?(declared: Declared, found: Found | undefined): Extract<Decided, { act: 'refuse' }> | undefined;
}>;

export function configResource<Part>(of: ConfigResource<Part>): ResourceOf<Part> {
  const { name, title, product, section, entries, fields, feature } = of;
  return {
    ...{ name, title, product, section, after: of.after ?? [], configFile: entries.file },
    ...(feature === undefined ? {} : { feature }),
    ...(of.everywhere === undefined ? {} : { everywhere: of.everywhere }),
    features: (item) => featuresOf(fields, item),
    read: async (api, { signal }) => {
      const { entries: listed, digest } = await listEntries(api, entries, { signal });
      const ours = of.isOurs === undefined ? listed : listed.filter(of.isOurs);
      return { found: ours.map((entry) => ({ name: entry.name, value: heldIn(fields, entry.raw) })), digest };
    },
    decide: (declared, found) => decideEntry(of, declared, found),
    create: async (api, wanted, signal) => {
      const params = { ...paramsOf(fields, wanted.fields), ...wanted.secrets };
      await createEntry(api, entries, wanted.name, params, { signal });
      return madeNothing;
    },
    update: async (api, wanted, found, { signal, digest, resend = [] }) => {
      const patch = patchOf(fields, wanted, found, resend);
      await updateEntry(api, entries, wanted.name, { ...patch, digest }, { signal });
      return madeNothing;
    },
    remove: async (api, found, { signal, digest }) => {
      await deleteEntry(api, entries, found.name, digest, {}, { signal });
    },
    sends: ({ secrets }, found) => (found === undefined ? Object.keys(secrets) : []),
  };
}

/** An entry of the server in the estate's words: every field, what is unset with its default. */
export const heldIn = (fields: FieldTable, raw: ConfigEntry['raw']): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.from(raw)]));

/**
 * A declared entry in the same words: what a server would read back of what is sent to it, so that another spelling of the
 * same thing is no change.
 */
export function itemOf(fields: FieldTable, entry: object): Fields {
  const given = entry as Readonly<Record<string, Json | undefined>>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.from(field.to(given[name] ?? field.standard))]),
  );
}

/** What an estate file says of it: no more than what is not so anyway. */
export function entryOf(fields: FieldTable, { value }: Found): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.keys(fields)
      .filter((name) => !same(value[name], fields[name]?.standard))
      .map((name) => [name, value[name] ?? null]),
  );
}

const featuresOf = (fields: FieldTable, item: Fields): readonly string[] =>
  Object.entries(fields).flatMap(([name, { feature, standard }]) =>
    // What is not said is left as the server has it.
    feature === undefined || item[name] === undefined || same(item[name], standard) ? [] : [feature],
  );

export const paramsOf = (fields: FieldTable, values: Fields): Params =>
  Object.assign({}, ...Object.entries(fields).map(([name, field]) => field.to(values[name] ?? field.standard)));

export function patchOf(fields: FieldTable, wanted: Wanted, found: Found, resend: readonly string[]) {
  const set: Record<string, Params[string]> = {};
  const unset: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const value = wanted.fields[name];
    // What is not said is left as it is.
    if (value === undefined) continue;
    const differs = !same(found.value[name], value);
    if (field.fixed === true || (!differs && field.always !== true)) continue;
    const sent = field.to(value);
    Object.assign(set, sent);
    if (!differs || field.undeletable === true) continue;
    const before = field.to(found.value[name] ?? field.standard);
    for (const param of Object.keys(before).filter((one) => sent[one] === undefined)) {
      const instead = field.insteadOfDelete?.[param];
      if (instead === undefined) unset.push(param);
      else set[param] = instead;
    }
  }
  for (const parameter of resend) {
    const secret = wanted.secrets[parameter];
    if (secret !== undefined) set[parameter] = secret;
  }
  return { set, delete: unset };
}

function decideEntry<Part>(of: ConfigResource<Part>, declared: Declared, found: Found | undefined): Decided {
  const refused = of.refuse?.(declared, found);
  if (refused !== undefined) return refused;
  const { item, place, server } = declared;
  const { title, path, fields } = of;
  if (found === undefined) {
    const weight = of.weigh?.(declared, found, []) ?? { because: [], risk: 'adds' };
    const because = [`${place} declares it, and ${server} has no ${title} of that name`, ...weight.because];
    // What it would be anyway need not be read; that a job is switched on is.
    const said = tidy(item, { ...fields, enabled: { standard: false } });
    return { act: 'create', because, changes: creationOf(path, said, weight.risk === 'adds'), risk: weight.risk };
  }
  const changes = changesBetween(path, found.value, item);
  if (changes.length === 0) return { act: 'none' };
  const held = changes.filter(({ field }) => fields[field]?.fixed === true).map(({ field }) => field);
  if (held.length > 0 && of.whenFixed !== 'replace') return fixedFields(of, declared, found, held);
  const weight = of.weigh?.(declared, found, changes) ?? { because: [], risk: 'changes' };
  if (held.length > 0) {
    const why = `its ${held.join(' and its ')} cannot be changed: it is removed and made anew`;
    return { act: 'replace', because: [why, ...weight.because], changes, risk: 'destroys' };
  }
  const because = [`${server} holds another value than ${place}`, ...weight.because];
  return { act: 'update', because, changes, risk: weight.risk };
}

function fixedFields<Part>(
  { title, product, whenFixed }: ConfigResource<Part>,
  { item, server }: Declared,
  { value }: Found,
  held: readonly string[],
): Decided {
  const [field = ''] = held;
  const remedy =
    typeof whenFixed === 'object' ? whenFixed.remedy : 'declare it under another name, and remove the old one';
  return {
    act: 'refuse',
    code: 'field-is-fixed',
    says: `its ${field} is ${JSON.stringify(value[field] ?? null)} on ${server} and ${JSON.stringify(item[field] ?? null)} here, and ${product === 'pbs' ? 'a PBS' : 'PVE'} never changes the ${field} of a ${title}`,
    remedy,
  };
}
