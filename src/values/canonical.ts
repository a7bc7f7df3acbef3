// One text for one value (sorted keys, no white space), and its SHA-256. Plans, observations and declarations are named by it.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Digest = string;

/** Keys whose value is undefined are left out, as JSON.stringify leaves them out. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const known = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(known).sort())
    if (known[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(known[key])}`);
  return `{${parts.join(',')}}`;
}

export const digestOfText = (text: string): Digest => createHash('sha256').update(text).digest('hex');
export const digestOf = (value: unknown): Digest => digestOfText(canonical(value));
