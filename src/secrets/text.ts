// From the bytes somebody gave to the secret they are: UTF-8, one line break at the end left out, long enough to be one.
import type { SecretReference } from '../values/secret-reference.ts';
import { secretFault } from './faults.ts';

/** More than any key or certificate chain needs. */
export const mostBytes = 64 * 1024;

// What is shorter could not be taken out of a log without taking ordinary words out, too.
const leastCharacters = 4;

export function secretText(bytes: Uint8Array, reference: SecretReference): string {
  const unusable = (says: string, remedy: string) => secretFault('secret-unusable', reference, says, remedy);
  if (bytes.length > mostBytes)
    throw unusable(`it is longer than ${mostBytes / 1024} KiB`, 'keep the secret there, and nothing else');
  const text = decode(bytes)?.replace(/\r?\n$/, '');
  if (text === undefined) throw unusable('it is no UTF-8 text', 'write the secret as text; what is binary, in base64');
  if (text === '') throw unusable('it is empty', 'write the secret into it');
  if (text.length < leastCharacters)
    throw unusable(`it has fewer than ${leastCharacters} characters`, 'use a longer secret');
  return text;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
