// PBS's check of parameters against its schema: text from a form, or values of a JSON body. Every problem is told.
import type { Schema, Schemas } from '../contract/contract.ts';
import type { Pair } from '../front/call.ts';
import { readProperties } from './property-string.ts';
import { grammarProblem } from './texts.ts';

export type Value = string | number | boolean | readonly string[];
export type Values = Readonly<Record<string, Value>>;
export type Problem = readonly [name: string, why: string];
export type Checked = Readonly<{ values: Values; problems: readonly Problem[] }>;
type Read = Readonly<{ value: Value }> | Readonly<{ problem: string }>;

const notAllowed = 'schema does not allow additional properties.';

/** Pairs of a query or a form; a list comes as the same key again and again. */
export function checkPairs(pairs: readonly Pair[], schemas: Schemas): Checked {
  const values: Record<string, Value> = {};
  const problems: Problem[] = [];
  for (const [name, text] of pairs) {
    const schema = schemaOf(schemas, name);
    const present = values[name];
    if (schema === undefined) problems.push([name, notAllowed]);
    else if (present !== undefined && schema.type !== 'array') problems.push([name, 'duplicate parameter.']);
    else {
      const read = fromText(name, text, schema.type === 'array' ? (schema.items ?? {}) : schema);
      if ('problem' in read) problems.push([name, read.problem]);
      else values[name] = schema.type === 'array' ? [...listed(present), String(read.value)] : read.value;
    }
  }
  // PBS looks for what is missing only once the rest is right.
  const missing = problems.length > 0 ? [] : missingIn(values, schemas, 'parameter');
  return { values, problems: [...problems, ...missing] };
}

export function checkJson(given: Readonly<Record<string, unknown>>, schemas: Schemas): Checked {
  const values: Record<string, Value> = {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const schema = schemaOf(schemas, name);
    const read = schema === undefined ? { problem: notAllowed } : fromJson(name, value, schema);
    if ('problem' in read) problems.push([name, read.problem]);
    else values[name] = read.value;
  }
  return { values, problems: [...problems, ...missingIn(given, schemas, 'property')] };
}

const schemaOf = (schemas: Schemas, name: string): Schema | undefined =>
  Object.hasOwn(schemas, name) ? schemas[name] : undefined;
const listed = (value: Value | undefined): readonly string[] => (Array.isArray(value) ? value : []);

const missingIn = (given: Readonly<Record<string, unknown>>, schemas: Schemas, word: string): readonly Problem[] =>
  Object.entries(schemas).flatMap(([name, { optional }]): Problem[] =>
    optional === true || Object.hasOwn(given, name) ? [] : [[name, `${word} is missing and it is not optional.`]],
  );

function fromText(name: string, text: string, schema: Schema): Read {
  if (schema.type === 'boolean') {
    if (/^(?:1|on|yes|true)$/i.test(text)) return { value: true };
    return /^(?:0|off|no|false)$/i.test(text) ? { value: false } : { problem: 'Unable to parse boolean option.' };
  }
  if (schema.type !== 'integer') return textWithin(name, text, schema);
  if (!/^[+-]?\d+$/.test(text)) return { problem: 'invalid digit found in string' };
  return integerWithin(Number(text), schema);
}

function fromJson(name: string, value: unknown, schema: Schema): Read {
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return { problem: 'Expected array - got scalar value.' };
    const reads = value.map((one: unknown) => fromJson(name, one, schema.items ?? {}));
    const bad = reads.find((read) => 'problem' in read);
    return bad ?? { value: value.map(String) };
  }
  if (schema.type === 'boolean') return typeof value === 'boolean' ? { value } : { problem: 'Expected boolean value.' };
  if (schema.type === 'integer')
    return Number.isInteger(value) ? integerWithin(Number(value), schema) : { problem: 'Expected integer value.' };
  return typeof value === 'string' ? textWithin(name, value, schema) : { problem: 'Expected string value.' };
}

function integerWithin(value: number, { minimum, maximum }: Schema): Read {
  if (minimum !== undefined && value < minimum)
    return { problem: `value must have a minimum value of ${minimum} (got ${value})` };
  if (maximum !== undefined && value > maximum)
    return { problem: `value must have a maximum value of ${maximum} (got ${value})` };
  return { value };
}

function textWithin(name: string, value: string, schema: Schema): Read {
  const { minLength, maxLength, pattern, enum: words } = schema;
  if (minLength !== undefined && value.length < minLength)
    return { problem: `value must be at least ${minLength} characters long` };
  if (maxLength !== undefined && value.length > maxLength)
    return { problem: `value may only be ${maxLength} characters long` };
  if (pattern !== undefined && !patternOf(pattern).test(value))
    return { problem: 'value does not match the regex pattern' };
  if (words !== undefined && !words.includes(value))
    return { problem: `value '${value}' is not defined in the enumeration.` };
  const problem =
    grammarProblem(name, value) ??
    (typeof schema.format === 'object' ? propertyProblem(value, schema.format) : undefined);
  return problem === undefined ? { value } : { problem };
}

/** A property string: each of its keys is checked as a parameter is. */
function propertyProblem(text: string, { properties = {}, default_key }: KeyedSchema): string | undefined {
  const pairs = readProperties(text, default_key);
  if (pairs === undefined) return 'value without key, but schema does not define a default key';
  const { problems } = checkPairs(pairs, properties);
  return problems[0] === undefined ? undefined : `'${problems[0][0]}': ${problems[0][1]}`;
}
// A property string names its default key; the type of PVE's schema has a mark on the key itself.
type KeyedSchema = Readonly<{ properties?: Schemas; default_key?: string | boolean }>;

const patterns = new Map<string, RegExp>();

/** The contract has patterns between slashes, in the notation of another language. */
function patternOf(written: string): RegExp {
  const known = patterns.get(written);
  if (known !== undefined) return known;
  const inner = written
    .replace(/^\/(.*)\/$/s, '$1')
    .replaceAll('[[:^cntrl:]]', '[^\\x00-\\x1f\\x7f]')
    .replaceAll('[:cntrl:]', '\\x00-\\x1f\\x7f')
    .replaceAll('(?P<', '(?<');
  const made = new RegExp(inner, 'u');
  patterns.set(written, made);
  return made;
}
