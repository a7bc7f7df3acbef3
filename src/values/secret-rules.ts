// What the owner of a machine allows about secrets. The rules stand here since two doors keep them: the look at an estate
// (guard/), and the handing out of a secret (secrets/), which is the last.
import { posix } from 'node:path';
import { canonical } from './canonical.ts';
import type { SecretReference } from './secret-reference.ts';

export type SecretRules = Readonly<{
  /** programs that may be run to get a secret; without `args`, with any arguments */
  commands: readonly Readonly<{ path: string; args?: readonly string[] | undefined }>[];
  /** folders files of secrets must lie in; anywhere where it is left out */
  secret_folders?: readonly string[] | undefined;
  bindings: readonly Readonly<{ secret: SecretReference; hosts: readonly string[] }>[];
}>;

export const commandAllowed = ([program = '', ...args]: readonly string[], { commands }: SecretRules): boolean =>
  program === posix.normalize(program) &&
  commands.some(
    ({ path, args: only }) => path === program && (only === undefined || canonical(only) === canonical(args)),
  );

export function lineToAllow([program, ...args]: readonly string[]): string {
  const fixed = args.length === 0 ? '' : `, args: ${JSON.stringify(args)}`;
  return `to allow it, add to the guard file: commands: [{ path: ${program}${fixed} }]`;
}

/** @param file absolute */
export const inFolders = (file: string, folders: readonly string[] | undefined): boolean =>
  folders === undefined ||
  folders.some((folder) => posix.normalize(file).startsWith(folder.endsWith('/') ? folder : `${folder}/`));

/** One text for the ways of writing one secret: `data/` is how version 2 of a vault's store spells the same path. */
function spelled(reference: SecretReference): string {
  if (!('vault' in reference)) return canonical(reference);
  const [path = '', key] = reference.vault.split('#');
  return canonical({ vault: path.split('/').filter((part) => part !== '' && part !== 'data'), key });
}

/** The hosts a secret is bound to; undefined where it may go anywhere. */
export function boundTo(reference: SecretReference, { bindings }: SecretRules): readonly string[] | undefined {
  const asked = spelled(reference);
  const own = bindings.filter(({ secret }) => spelled(secret) === asked);
  return own.length === 0 ? undefined : own.flatMap(({ hosts }) => hosts);
}

/** @param audience `HOST:PORT`, as the client of a server has it; the port of HTTPS where it is left out */
export function mayGoTo(reference: SecretReference, audience: string, rules: SecretRules): boolean {
  const host = audience.replace(/:\d+$/, '');
  const port = audience.slice(host.length) || ':443';
  return boundTo(reference, rules)?.some((allowed) => allowed === host || allowed === host + port) ?? true;
}
