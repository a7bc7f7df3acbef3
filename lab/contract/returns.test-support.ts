// Whether an answer has the published shape. Proxmox writes booleans as numbers and numbers as text now and then.
import type { Schema } from './contract.ts';

const fits: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean' || value === 0 || value === 1,
  integer: (value) => Number.isInteger(typeof value === 'string' ? Number(value) : value),
  number: (value) => Number.isFinite(typeof value === 'string' ? Number(value) : value),
  string: (value) => typeof value === 'string',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
};

/** One line for each place where it differs. */
export function differences(value: unknown, schema: Schema, at = 'data'): readonly string[] {
  const { type = '', items, properties = {}, additionalProperties, enum: words } = schema;
  const check = fits[type];
  if (check === undefined) return [];
  if (!check(value)) return [`${at} is no ${type}: ${JSON.stringify(value)}`];
  if (words !== undefined && !words.includes(String(value))) return [`${at} is ${value}, none of ${words.join(', ')}`];
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((one, index) => differences(one, items, `${at}[${index}]`));
  if (type !== 'object') return [];
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).filter(
    (name) => additionalProperties === false && !Object.hasOwn(properties, name),
  );
  return [
    ...unknown.map((name) => `${at}.${name} is not described`),
    ...Object.entries(properties).flatMap(([name, inner]) => {
      if (given[name] !== undefined) return differences(given[name], inner, `${at}.${name}`);
      return inner.optional === true ? [] : [`${at}.${name} is missing`];
    }),
  ];
}
