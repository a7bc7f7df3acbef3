// PVE's property strings (`keep-daily=7,keep-monthly=3`): one key may be given bare, nothing but a comma separates.
import type { Schema } from '../contract/contract.ts';
import { boundsProblem, typeProblem } from './bounds.ts';

export type Properties = Readonly<Record<string, string | number>>;
/** `problem` is what follows "invalid format - ". */
export type Read = Readonly<{ found: Properties }> | Readonly<{ problem: string }>;

const yes = /^(?:1|on|yes|true)$/i;
const no = /^(?:0|off|no|false)$/i;

/** @param name of the parameter, which the errors name */
export function parsePropertyString(name: string, text: string, format: Schema): Read {
  const schemas = format.properties ?? {};
  const bare = Object.keys(schemas).find((key) => schemas[key]?.default_key === true);
  const found: Record<string, string | number> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const pair = /^([^=]+)=(.+)$/s.exec(part);
    if (pair === null && part.includes('=')) return { problem: 'missing key in comma-separated list property' };
    const [, key = bare, value = part] = pair ?? [];
    if (key === undefined) return { problem: 'value without key, but schema does not define a default key' };
    const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
    if (schema === undefined) return { problem: `invalid key in comma-separated list property: ${key}` };
    if (found[key] !== undefined) return { problem: `duplicate key in comma-separated list property: ${key}` };
    found[key] = schema.type === 'boolean' ? booleanIn(value) : value;
  }
  const problems = Object.entries(found).flatMap(([key, value]) => {
    const problem = typeProblem(value, schemas[key]?.type) ?? boundsProblem(String(value), schemas[key] ?? {});
    return problem === undefined ? [] : [`${name}.${key}: ${problem.trimEnd()}`];
  });
  if (problems.length > 0) return { problem: `format error\n${problems.join('\n')}` };
  const alone = format.exclusive?.find((key) => isSet(found[key]) && beside(found, key));
  return alone === undefined ? { found } : { problem: `${alone} cannot be set together with other options.` };
}

const booleanIn = (value: string): string | number => (yes.test(value) ? 1 : no.test(value) ? 0 : value);
const isSet = (value: string | number | undefined): boolean => value !== undefined && Number(value) !== 0;
const beside = (found: Properties, key: string): boolean =>
  Object.entries(found).some(([other, value]) => other !== key && isSet(value));
