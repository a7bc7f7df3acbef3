// One value against its schema, in PVE's words.
import type { Schema } from '../contract/contract.ts';
import { formatProblem } from './formats.ts';

const forms: Readonly<Record<string, RegExp>> = {
  boolean: /^[01]$/,
  integer: /^[+-]?\d+$/,
  number: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/,
};

export function typeProblem(value: unknown, type: string | undefined): string | undefined {
  if (type === 'array') return undefined;
  const failed = (got: string) => `type check ('${type}') failed - got ${got}`;
  if (Array.isArray(value)) return failed('ARRAY');
  if (value !== null && typeof value === 'object') return failed('HASH');
  if (typeof value === 'boolean') return type === 'boolean' ? undefined : failed('JSON::PP::Boolean');
  const form = forms[type ?? ''];
  return form === undefined || form.test(String(value)) ? undefined : failed(`'${String(value)}'`);
}

export function boundsProblem(text: string, schema: Schema): string | undefined {
  const problem = typeof schema.format === 'string' ? formatProblem(schema.format, text) : undefined;
  if (problem !== undefined) return `invalid format - ${problem}\n`;
  return lengthProblem(text, schema) ?? numberProblem(text, schema) ?? wordProblem(text, schema);
}

function lengthProblem(text: string, { minLength, maxLength }: Schema): string | undefined {
  if (maxLength !== undefined && text.length > maxLength) return `value may only be ${maxLength} characters long`;
  if (minLength !== undefined && text.length < minLength) return `value must be at least ${minLength} characters long`;
  return undefined;
}

function numberProblem(text: string, { minimum, maximum }: Schema): string | undefined {
  if (minimum !== undefined && Number(text) < minimum) return `value must have a minimum value of ${minimum}`;
  if (maximum !== undefined && Number(text) > maximum) return `value must have a maximum value of ${maximum}`;
  return undefined;
}

function wordProblem(text: string, { pattern, enum: words }: Schema): string | undefined {
  if (pattern !== undefined && !wholePattern(pattern).test(text)) return 'value does not match the regex pattern';
  if (words !== undefined && !words.includes(text))
    return `value '${text}' does not have a value in the enumeration '${words.join(', ')}'`;
  return undefined;
}

// A group without flags has a form of its own in Perl, and the pattern is for the whole value.
const wholePattern = (pattern: string): RegExp => new RegExp(`^(?:${pattern.replaceAll('(?^:', '(?:')})$`);
