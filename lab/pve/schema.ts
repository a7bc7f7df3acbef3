// PVE's check of parameters against its schema. Every problem is told, each under its parameter.
import type { Schema, Schemas } from '../contract/contract.ts';
import { boundsProblem, typeProblem } from './bounds.ts';
import { isListFormat } from './formats.ts';
import { parsePropertyString } from './property-string.ts';

export type Value = string | number | readonly string[];
/** Checked: booleans are 1 or 0, integers are numbers, the rest is text as it was sent. */
export type Values = Readonly<Record<string, Value>>;
export type Checked = Readonly<{ values: Values; errors: Readonly<Record<string, string>> }>;

export const notInSchema = 'property is not defined in schema and the schema does not allow additional properties';

export function checkParameters(given: Readonly<Record<string, unknown>>, schemas: Schemas, formats: Schemas): Checked {
  const values: Record<string, Value> = {};
  const errors: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    const taken = schema === undefined ? value : joined(value, schema);
    const problem = schema === undefined ? notInSchema : valueProblem(name, taken, schema, formats);
    if (problem !== undefined) errors[name] = problem;
    else if (schema !== undefined) values[name] = converted(taken, schema);
  }
  for (const [name, { optional, requires }] of Object.entries(schemas)) {
    const isGiven = Object.hasOwn(given, name);
    if (optional !== true && !isGiven) errors[name] = 'property is missing and it is not optional';
    if (requires !== undefined && isGiven && !Object.hasOwn(given, requires))
      errors[requires] = `missing property required by '${name}'`;
  }
  return { values, errors };
}

// A list comes as one text, or the server joins it.
function joined(value: unknown, schema: Schema): unknown {
  if (schema.type === 'array') return Array.isArray(value) ? value : [value];
  return isListFormat(schema.format) && Array.isArray(value) ? value.join(',') : value;
}

function converted(value: unknown, { type }: Schema): Value {
  if (type === 'boolean') return value === true || String(value) === '1' ? 1 : 0;
  if (type === 'array') return (value as unknown[]).map(String);
  return type === 'integer' || type === 'number' ? Number(value) : String(value);
}

function valueProblem(name: string, value: unknown, schema: Schema, formats: Schemas): string | undefined {
  const wrongType = typeProblem(value, schema.type);
  // A JSON boolean has no further bounds.
  if (wrongType !== undefined || typeof value === 'boolean') return wrongType;
  const { format } = schema;
  const properties = typeof format === 'string' ? formats[format] : format;
  if (properties?.type !== 'object') return boundsProblem(String(value), schema);
  const read = parsePropertyString(name, String(value), properties);
  return 'problem' in read ? `invalid format - ${read.problem}\n` : undefined;
}
