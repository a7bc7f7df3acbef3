// A field of the estate and the parameters of the server it stands in: how one is read from the other, and written. What
// both spell differently (booleans, digits, sets, sizes, retention, defaults) is made alike here, once, so that equal means
// equal (facts: pve-api sections 1 and 12, pbs-api section 1).
import type { Params } from '../../proxmox/api.ts';
import { flagUnlessOff, flag as isOn, type Row, set as setOf, text as textOf, whole } from '../../proxmox/decode.ts';
import { formatPropertyString, parsePropertyString } from '../../proxmox/property-string.ts';
import { byteSizeProblem, parseByteSize, sizeOf } from '../../values/byte-size.ts';
import type { Json } from '../../values/canonical.ts';
import { type Keep, normaliseKeep } from '../../values/retention.ts';
import { keepFromProxmox, keepToOptions, keepToProperty } from '../../values/retention-property.ts';
import { isNothing } from './compare.ts';

export type Field = Readonly<{
  /** every parameter it may stand in: those that a value leaves out are unset */
  params: readonly string[];
  /** what an entry that says nothing means; an estate need not say it either */
  standard: Json;
  from(row: Row): Json;
  /** the parameters for a value; none where it is unset */
  to(value: Json): Params;
  /** the server never changes it */
  fixed?: true;
  /** sent with every change, also where it stays as it is */
  always?: true;
  /** it cannot be unset: its default is sent instead */
  undeletable?: true;
  /** it cannot be unset, and this says the same */
  insteadOfDelete?: Params;
  /** the feature the server must have before it may be set: a key of proxmox/features.json */
  feature?: string;
}>;

export type FieldRules = Partial<Pick<Field, 'fixed' | 'always' | 'undeletable' | 'insteadOfDelete' | 'feature'>>;

const single = (param: string, standard: Json, from: (raw: unknown) => Json, rules: FieldRules): Field => ({
  ...rules,
  params: [param],
  standard,
  from: (row) => from(row[param]),
  to: (value) => (isNothing(value) ? {} : { [param]: value as string | number }),
});

export const text = (param: string, rules: FieldRules = {}, standard = ''): Field =>
  single(param, standard, (raw) => textOf(raw)?.trim() ?? standard, rules);

export const number = (param: string, standard: number | null = null, rules: FieldRules = {}): Field =>
  single(param, standard, (raw) => whole(raw) ?? standard, rules);

/** On or off; `standard` is what a server does that says nothing. The default itself is not sent, but unset. */
export const flag = (param: string, standard = false, rules: FieldRules = {}): Field => ({
  ...rules,
  params: [param],
  standard,
  from: (row) => (standard ? flagUnlessOff(row[param]) : isOn(row[param])),
  to: (value) => (value === standard && rules.undeletable !== true ? {} : { [param]: value === true }),
});

/** `enabled` here, `disable` there. */
export const notFlag = (param: string, rules: FieldRules = {}): Field => ({
  ...rules,
  params: [param],
  standard: true,
  from: (row) => !isOn(row[param]),
  to: (value) => (value === false ? { [param]: true } : rules.undeletable === true ? { [param]: false } : {}),
});

/** Hex pairs: servers keep the case they were given, and it means nothing. */
export const fingerprint = (param = 'fingerprint', rules: FieldRules = {}): Field =>
  single(param, '', (raw) => textOf(raw)?.toUpperCase() ?? '', rules);

/** A default is not sent, but unset: it is what the server does by itself. */
export const unlessStandard = (field: Field): Field => ({
  ...field,
  to: (value) => (JSON.stringify(value) === JSON.stringify(field.standard) ? {} : field.to(value)),
});

const sorted = (names: readonly string[]): Json => [...new Set(names)].sort();

/** A set; `comma`: one text on the wire (PVE), `repeated`: the parameter again and again (PBS). */
export const names = (param: string, wire: 'comma' | 'repeated', rules: FieldRules = {}): Field => ({
  ...rules,
  params: [param],
  standard: [],
  from: (row) => sorted(Array.isArray(row[param]) ? row[param].map(String) : setOf(row[param])),
  to: (value) => {
    const list = value as readonly string[];
    if (list.length === 0) return {};
    return { [param]: wire === 'comma' ? list.join(',') : list };
  },
});

/** A size or a rate: the server gives it back in the unit it was given, so bytes are compared. */
export const size = (param: string, rules: FieldRules = {}): Field =>
  single(param, null, (raw) => canonicalSize(textOf(raw)), rules);

/** The one text by which equal sizes are equal, in whole bytes: a server gives back no more than three decimals. */
export function canonicalSize(written: string | undefined): Json {
  if (written === undefined) return null;
  const read = byteSizeProblem(written) === undefined ? parseByteSize(written) : undefined;
  return read === undefined ? written : shortest(Math.round(sizeOf(read)));
}

const binary = ['TiB', 'GiB', 'MiB', 'KiB'] as const;
const decimal = ['TB', 'GB', 'MB', 'KB'] as const;

function shortest(bytes: number): string {
  for (const [units, base] of [
    [binary, 1024],
    [decimal, 1000],
  ] as const)
    for (const [index, unit] of units.entries()) {
      const amount = bytes / base ** (4 - index);
      if (amount >= 1 && Number.isInteger(amount)) return `${amount} ${unit}`;
    }
  return `${bytes} B`;
}

const policy = (keep: Keep): Json => ({ ...normaliseKeep(keep) }) as Json;
const keepParams = ['keep-last', 'keep-hourly', 'keep-daily', 'keep-weekly', 'keep-monthly', 'keep-yearly'] as const;

/** Retention as PBS has it: a parameter for each rule. No rule at all keeps everything. */
export const keepRules = (): Field => ({
  params: keepParams,
  standard: { keep_all: 1 },
  from: (row) => {
    const rules = keepParams.flatMap((param) => {
      const count = whole(row[param]);
      return count === undefined ? [] : [[param, count] as const];
    });
    const kept = keepFromProxmox(Object.fromEntries(rules));
    return 'problem' in kept ? {} : policy(kept);
  },
  to: (value) => keepToOptions(value as Keep),
});

/** Retention as PVE has it: one property string. What PVE took and nobody can read is compared as it stands. */
export const keepProperty = (param: string): Field => ({
  params: [param],
  standard: {},
  from: (row) => {
    const raw = row[param];
    const written = typeof raw === 'object' && raw !== null ? formatPropertyString(raw as never) : textOf(raw);
    if (written === undefined) return {};
    const kept = keepFromProxmox(written);
    return 'problem' in kept ? written : policy(kept);
  },
  to: (value) => (isNothing(value) ? {} : { [param]: keepToProperty(value as Keep) }),
});

/**
 * A property string as a mapping: its own fields by the estate's names, each reading and writing one key of it. Proxmox
 * replaces the whole string. PVE answers some of them as objects.
 */
export const properties = (
  param: string,
  keys: Readonly<Record<string, Field>>,
  { defaultKey, ...rules }: FieldRules & { defaultKey?: string } = {},
): Field => ({
  ...rules,
  params: [param],
  standard: {},
  from: (row) => {
    const raw = row[param];
    const entries: Row =
      typeof raw === 'object' && raw !== null
        ? (raw as Row)
        : Object.fromEntries(parsePropertyString(textOf(raw) ?? '', defaultKey));
    return tidy(Object.fromEntries(Object.entries(keys).map(([name, field]) => [name, field.from(entries)])), keys);
  },
  to: (value) => {
    const given = value as Readonly<Record<string, Json>>;
    const parts = Object.entries(keys).map(([name, field]) => field.to(given[name] ?? field.standard));
    const written = formatPropertyString(Object.assign({}, ...parts), defaultKey);
    return written === '' ? {} : { [param]: written };
  },
});

/** Without what is as it would be anyway: two mappings that mean the same are then the same. */
export function tidy(
  value: Readonly<Record<string, Json>>,
  keys: Readonly<Record<string, Pick<Field, 'standard'>>>,
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(value).filter(([name, one]) => JSON.stringify(one) !== JSON.stringify(keys[name]?.standard ?? null)),
  );
}

/** A field that only the server's side has another value for: `none` here, nothing there. */
export const mapped = (field: Field, toServer: (value: Json) => Json, fromServer: (value: Json) => Json): Field => ({
  ...field,
  standard: fromServer(field.standard),
  from: (row) => fromServer(field.from(row)),
  to: (value) => field.to(toServer(value)),
});
