// How parameters travel (facts: pve-api section 1, pbs-api section 1): one form for both products, in bodies and in query
// strings alike; blanks become %20. Values are encoded as `Secret.forms` knows them, so that an echoed one is found again.
import { Secret } from '../values/secret.ts';
import type { Parameter, Params } from './api.ts';

export type Reveal = (secret: Secret) => string;

/** One text per value: a list gives several, or none. */
export function textsOf(value: Parameter, reveal: Reveal): readonly string[] {
  if (value instanceof Secret) return [reveal(value)];
  if (typeof value === 'boolean') return [value ? '1' : '0'];
  if (typeof value !== 'object') return [String(value)];
  return value.map((one) => (one instanceof Secret ? reveal(one) : one));
}

export const formOf = (params: Params, reveal: Reveal): string =>
  Object.entries(params)
    .flatMap(([key, value]) =>
      textsOf(value, reveal).map((text) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`),
    )
    .join('&');

export const secretsIn = (params: Params): readonly Secret[] =>
  Object.values(params)
    .flat()
    .filter((value) => value instanceof Secret);
