// Whether a value is what docs/reference/json says, and nothing beside it: the published schemas let a later version print a
// field more, and this one may print none that they do not know.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type SchemaObject } from 'ajv';

/** What is wrong with a value that `command` printed, in words; nothing where it is as published. */
export function answerProblems(root: string, command: string, value: unknown): readonly string[] {
  const file = join(root, 'docs/reference/json', `${command}.schema.json`);
  const validate = new Ajv({ allErrors: true }).compile(closed(JSON.parse(readFileSync(file, 'utf8'))) as SchemaObject);
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${command}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const whole = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, closed(part)]));
  const object = whole['type'] === 'object' && 'properties' in whole && !('additionalProperties' in whole);
  return object ? { ...whole, additionalProperties: false } : whole;
}
