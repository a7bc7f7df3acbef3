// The schema of the estate as JSON Schema, for editors (completion, a word on each field) and for the reference page. It is
// never built while an estate is read, unless a key in it is unknown.
import * as z from 'zod';
import type { JsonSchema } from './fields.ts';
import { estateSchema, type Kinds } from './schema/estate.ts';
import { sharedWords } from './shared-words.ts';

export function estateJsonSchema(kinds: Kinds): JsonSchema {
  const schema = z.toJSONSchema(estateSchema(kinds), { io: 'input', unrepresentable: 'any' });
  return { ...(described(schema) as JsonSchema), title: 'An estate of Holdfast' };
}

/** Fields that many kinds share are described once, where a kind does not do it better. */
function described(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(described);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [key, key === 'properties' ? withWords(part) : described(part)]),
  );
}

const withWords = (properties: Readonly<Record<string, JsonSchema>>): unknown =>
  Object.fromEntries(
    Object.entries(properties).map(([key, part]) => {
      const own = described(part) as JsonSchema;
      const words = Object.hasOwn(sharedWords, key) ? { description: sharedWords[key] } : {};
      return [key, own.description === undefined && own.$ref === undefined ? { ...words, ...own } : own];
    }),
  );
