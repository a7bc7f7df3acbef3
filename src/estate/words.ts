// What the schema finds, in the operator's words: what is there, what belongs there, what to write. Values are quoted only
// where they cannot be a secret.
import type * as z from 'zod';
import { nearest } from '../values/nearest.ts';
import { cut, shown } from '../values/text.ts';

type RawIssue = z.core.$ZodRawIssue;

/** Whether a value under such a key may be a secret: it is then never quoted. */
const soundsSecret = (key: string): boolean =>
  /passw|passphrase|secret|token|credential|(api|private|access)[_-]?key/i.test(key);

const quoted = (value: unknown, path: readonly PropertyKey[] | undefined): string =>
  (path ?? []).some((part) => soundsSecret(String(part))) ? 'what is written' : `"${cut(shown(String(value)), 40)}"`;

const expectedNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  tuple: 'a list',
};

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'true or false' : 'a number';
}

const yes = ['yes', 'on', 'true', '1'];
const no = ['no', 'off', 'false', '0'];

function howToWrite(expected: string, value: unknown): string {
  const written = typeof value === 'string' ? value.toLowerCase() : String(value);
  if (value === null) return '; fill it in, or remove the key';
  if (expected === 'boolean' && yes.includes(written)) return '; write true';
  if (expected === 'boolean' && no.includes(written)) return '; write false';
  if (expected === 'string' && typeof value !== 'object') return '; put it in quotes';
  if (['number', 'int'].includes(expected) && typeof value === 'string' && /^-?\d+$/.test(value))
    return '; take the quotes away';
  return expected === 'array' && typeof value !== 'object' ? '; put it in brackets: [ ]' : '';
}

function typeWords(expected: string, value: unknown): string {
  const wanted = expectedNames[expected] ?? expected;
  return value === undefined
    ? `is missing; it is ${wanted}`
    : `is ${nameOf(value)}, ${wanted} belongs here${howToWrite(expected, value)}`;
}

function choiceWords(value: unknown, choices: readonly unknown[], path: readonly PropertyKey[] | undefined): string {
  const known = choices.map(String);
  if (value === undefined || value === null) return `is missing; it is one of ${known.join(', ')}`;
  const close = typeof value === 'string' ? nearest(value, known) : undefined;
  const meant = close === undefined ? `write one of ${known.join(', ')}` : `did you mean ${close}?`;
  return `cannot be ${quoted(value, path)}; ${meant}`;
}

const amount = (origin: string, limit: number | bigint): string =>
  origin === 'string' ? `${limit} characters` : origin === 'array' ? `${limit} entries` : String(limit);

/** For every issue of the schema that does not bring words of its own. */
export function words(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue.expected, issue.input);
    case 'invalid_value':
      return choiceWords(issue.input, issue.values, issue.path);
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number' && issue.origin !== 'int'
        ? 'is empty; fill it in, or remove the key'
        : `is less than ${amount(issue.origin, issue.minimum)}, which is the least`;
    case 'too_big':
      return `is more than ${amount(issue.origin, issue.maximum)}, which is the most`;
    case 'not_multiple_of':
      return `is no multiple of ${issue.divisor}`;
    case 'invalid_format':
      return 'is not written as it must be; look at its entry in docs/reference/estate.md';
    case 'invalid_union':
      return unionWords(issue);
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'is not allowed here; look at docs/reference/estate.md';
  }
}

/** Said where no form of a union fits; schemaRemarks looks whether one of them almost does. */
export const noForm = 'is in none of the forms it may have; look at its entry in docs/reference/estate.md';

function unionWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator, input } = issue;
  if (discriminator === undefined) return noForm;
  const known = Array.isArray(issue['options']) ? issue['options'] : [];
  return choiceWords((input as Readonly<Record<string, unknown>>)[discriminator], known, issue.path);
}
