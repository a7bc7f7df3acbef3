// Parts of a point that nobody can read but who holds the key for it: encrypted to recipients by age(1), the Debian package of
// that name. The recipients are public; the identity that opens the parts again is needed for a restore only, and is given to
// age on its standard input.

import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Secret } from '../../../values/secret.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { fullOr } from '../records.ts';

/** Bech32, as `age-keygen` prints it: 58 characters behind the prefix (age-encryption.org/v1). */
export const recipients = z
  .array(z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/, 'is no public key of age: `age1` and 58 letters and digits'))
  .min(1)
  .describe('public keys of age(1) that the parts of every point are encrypted to; without it they lie as they are');

export const encryptedName = (name: string): string => `${name}.age`;
/** Whom the secret is for that opens parts. */
export const forAge = 'age';

/** @throws Fault `not-encrypted`, or `disk-full` */
export async function encryptFile(
  machine: Machine,
  from: string,
  to: string,
  whom: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const argv = [
    'age',
    '--encrypt',
    ...whom.flatMap((one) => ['--recipient', one]),
    '--output',
    to,
    '--',
    from,
  ] as const;
  const ended = await machine.run([...argv] as [string, ...string[]], { signal });
  if (ended.exitCode === 0) return;
  const fault = new Fault('not-encrypted', {
    where: shown(to),
    says: `age: ${lastWords(ended)}`,
    remedy: 'see that the keys in `encrypt_to` are what `age-keygen -y` prints',
  });
  throw fullOr(fault, lastWords(ended), to);
}

/** What age gives out it has verified, piece by piece, and a file without its end is no whole one to it. */
export async function* decrypted(
  machine: Machine,
  path: string,
  identity: Secret | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (identity === undefined) throw withoutIdentity(path);
  const input = `${identity.revealTo(forAge)}\n`;
  const { stdout, ended } = machine.stream(['age', '--decrypt', '--identity', '-', '--', path], { signal, input });
  yield* stdout;
  const end = await ended;
  if (end.exitCode === 0) return;
  if (/no identity matched/.test(end.stderr)) throw wrongIdentity(path, identity);
  throw new Fault('point-damaged', {
    where: shown(path),
    says: `age: ${lastWords(end)}`,
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
}

const withoutIdentity = (path: string): Fault =>
  new Fault('identity-missing', {
    where: shown(path),
    says: 'it is encrypted, and the estate does not say what opens it',
    remedy: 'bring the identity from where it is kept, and set `identity: { file: ... }` on the layer for the restore',
  });

const wrongIdentity = (path: string, { name }: Secret): Fault =>
  new Fault('identity-wrong', {
    where: shown(path),
    says: `${name} is none of the identities that it was encrypted to`,
    remedy: 'compare `age-keygen -y` of it with `encrypt_to` in the manifest of the point',
  });
