// The last door: a secret is fetched when it is used, once per run, and handed out bound to whom it is for.
import { join } from 'node:path';
import { canonical } from '../values/canonical.ts';
import type { Clock } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';
import { boundTo, commandAllowed, lineToAllow, mayGoTo, type SecretRules } from '../values/secret-rules.ts';
import { secretOfCommand } from './command.ts';
import { secretFault } from './faults.ts';
import { realFile, secretInFile } from './file.ts';
import { secretText } from './text.ts';
import { secretInVault } from './vault.ts';

export type SecretSettings = Readonly<{
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** the user this process runs as */
  user: number;
  home: string;
  /** how a vault is spoken to; the platform's own where it is left out */
  fetch?: typeof fetch;
}>;

export interface Secrets {
  /** @param audience who it will be sent to: `HOST:PORT`, or the name of a tool */
  (reference: SecretReference, audience: string): Promise<Secret>;
  /** what was handed out so far: what a log must not hold */
  known(): readonly Secret[];
}

/** Whatever was read is kept for the life of the store, which is one run. */
export function secretStore(settings: SecretSettings, rules: SecretRules): Secrets {
  const texts = new Map<string, Promise<string>>();
  const handedOut = new Map<string, Secret>();
  const textOf = (reference: SecretReference): Promise<string> => {
    const key = canonical(reference);
    const text = texts.get(key) ?? resolveSecret(reference, settings, rules);
    texts.set(key, text);
    // What could not be had may be there the next time it is asked for.
    text.catch(() => texts.delete(key));
    return text;
  };
  const hand = async (reference: SecretReference, audience: string): Promise<Secret> => {
    await refuseAudience(reference, audience, settings, rules);
    const secret = new Secret(nameOfReference(reference), await textOf(reference), audience);
    handedOut.set(canonical([reference, audience]), secret);
    return secret;
  };
  return Object.assign(hand, { known: () => [...handedOut.values()] });
}

async function refuseAudience(
  reference: SecretReference,
  audience: string,
  { env }: SecretSettings,
  rules: SecretRules,
): Promise<void> {
  // A link, or the file behind a credential, is another way to write down the same secret.
  const bindings = await Promise.all(
    rules.bindings.map(async ({ secret, hosts }) => ({ secret: await asFile(secret, env), hosts })),
  );
  const [asked, known] = [await asFile(reference, env), { ...rules, bindings }];
  if (mayGoTo(asked, audience, known)) return;
  const hosts = boundTo(asked, known)?.join(', ');
  const remedy = `look who changed the address; if it is right, add ${audience} to its hosts under bindings of the guard file`;
  throw secretFault('secret-refused', reference, `it was asked for by ${audience}, and may go to ${hosts}`, remedy);
}

/** The file a secret really lies in, where it lies in one. */
async function asFile(reference: SecretReference, env: SecretSettings['env']): Promise<SecretReference> {
  const credentials = env['CREDENTIALS_DIRECTORY'];
  if ('systemd' in reference && credentials !== undefined)
    return { file: await realFile(join(credentials, reference.systemd)) };
  return 'file' in reference ? { file: await realFile(reference.file) } : reference;
}

async function resolveSecret(
  reference: SecretReference,
  settings: SecretSettings,
  rules: SecretRules,
): Promise<string> {
  return secretText(await bytesOf(reference, settings, rules), reference);
}

async function bytesOf(reference: SecretReference, settings: SecretSettings, rules: SecretRules): Promise<Uint8Array> {
  const { env, clock, user, home } = settings;
  if ('env' in reference) return fromEnvironment(reference, env);
  if ('file' in reference)
    return secretInFile(reference.file, reference, { user, readers: 'owner', folders: rules.secret_folders });
  if ('systemd' in reference) return fromUnit(reference, settings);
  if ('command' in reference) {
    if (!commandAllowed(reference.command, rules))
      throw secretFault(
        'secret-refused',
        reference,
        'it may not be run on this machine',
        lineToAllow(reference.command),
      );
    return secretOfCommand(reference, { clock, user, home, run: env['HOLDFAST_RUN'] });
  }
  return secretInVault(reference, {
    clock,
    address: env['VAULT_ADDR'],
    token: env['VAULT_TOKEN'],
    namespace: env['VAULT_NAMESPACE'],
    fetch: settings.fetch ?? fetch,
  });
}

function fromEnvironment(reference: Extract<SecretReference, { env: string }>, env: SecretSettings['env']): Uint8Array {
  const value = env[reference.env];
  if (value === undefined)
    throw secretFault(
      'secret-missing',
      reference,
      'the variable is not set',
      `set it where Holdfast is started: ${reference.env}=...`,
    );
  return new TextEncoder().encode(value);
}

function fromUnit(
  reference: Extract<SecretReference, { systemd: string }>,
  { env, user }: SecretSettings,
): Promise<Uint8Array> {
  const folder = env['CREDENTIALS_DIRECTORY'];
  const remedy = `start Holdfast as a unit with LoadCredential=${reference.systemd}:PATH`;
  if (folder === undefined)
    throw secretFault('secret-missing', reference, 'this process has no credentials of a unit', remedy);
  return secretInFile(join(folder, reference.systemd), reference, {
    user,
    readers: 'owner and group',
    folders: undefined,
  });
}
