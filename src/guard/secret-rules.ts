// The rules about secrets that both doors apply: the look at the estate, and the handing out.
import { posix } from 'node:path';
import { canonical } from '../values/canonical.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { Guard } from './guard.ts';

export const commandAllowed = ([program, ...args]: readonly string[], { commands }: Pick<Guard, 'commands'>): boolean =>
  program === posix.normalize(program ?? '') &&
  commands.some(
    ({ path, args: only }) => path === program && (only === undefined || canonical(only) === canonical(args)),
  );

export const lineToAllow = ([program, ...args]: readonly string[]): string =>
  `to allow it, add to the guard file: commands: [{ path: ${program}${args.length === 0 ? '' : `, args: ${JSON.stringify(args)}`} }]`;

/** The hosts a secret is bound to; undefined where it may go anywhere. */
export const boundTo = (
  reference: SecretReference,
  { bindings }: Pick<Guard, 'bindings'>,
): readonly string[] | undefined => {
  const own = bindings.filter(({ secret }) => canonical(secret) === canonical(reference));
  return own.length === 0 ? undefined : own.flatMap(({ hosts }) => hosts);
};

/** @param audience `HOST:PORT`, as the client of a server has it */
export function mayGoTo(reference: SecretReference, audience: string, guard: Pick<Guard, 'bindings'>): boolean {
  const hosts = boundTo(reference, guard);
  const host = audience.replace(/:\d+$/, '');
  return hosts === undefined || hosts.some((allowed) => allowed === audience || allowed === host);
}
