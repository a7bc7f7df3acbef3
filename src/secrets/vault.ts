// A secret in a key-value store of HashiCorp Vault or OpenBao, version 1 or 2, spoken to as its own command line does: the
// mount is asked for first, since version 2 has `data/` behind it. What is leased is refused: nobody here gives it back.
import type { Clock } from '../values/instant.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { secretFault } from './faults.ts';
import { mostBytes } from './text.ts';
import { patience, within } from './within.ts';

export type VaultSettings = Readonly<{
  clock: Clock;
  /** `https://HOST:PORT`, as in VAULT_ADDR */
  address: string | undefined;
  token: string | undefined;
  namespace: string | undefined;
  fetch: typeof fetch;
}>;

type VaultReference = Extract<SecretReference, { vault: string }>;
type Mapping = Readonly<Record<string, unknown>>;

export async function secretInVault(reference: VaultReference, settings: VaultSettings): Promise<Uint8Array> {
  const [path = '', key = ''] = reference.vault.split('#');
  const ask = asking(reference, settings);
  const stored = await ask(await dataPath(path, ask));
  const failed = (says: string) =>
    secretFault('secret-vault-failed', reference, says, `look at it: vault kv get ${path}`);
  if (stored.status === 404)
    throw secretFault(
      'secret-missing',
      reference,
      'the vault has nothing there',
      `write it: vault kv put ${path} ${key}=-`,
    );
  if (stored.status !== 200) throw failed(`the vault answers ${stored.status}`);
  if (typeof stored.body['lease_id'] === 'string' && stored.body['lease_id'] !== '')
    throw failed('it is a leased secret; only the key-value store is read');
  const data = mapping(stored.body['data']);
  const fields = data['metadata'] === undefined ? data : mapping(data['data']);
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (typeof value !== 'string')
    throw secretFault(
      'secret-missing',
      reference,
      'the vault has no text under that key',
      `write it: vault kv patch ${path} ${key}=-`,
    );
  return new TextEncoder().encode(value);
}

type Ask = (path: string) => Promise<Readonly<{ status: number; body: Mapping }>>;

const mapping = (value: unknown): Mapping => (typeof value === 'object' && value !== null ? (value as Mapping) : {});

/** As written where the token may not ask for the mount: then it is version 1, or `data/` is written out. */
async function dataPath(path: string, ask: Ask): Promise<string> {
  const { status, body } = await ask(`sys/internal/ui/mounts/${path}`);
  const { path: mount, options } = mapping(body['data']);
  const isSecond = status === 200 && mapping(options)['version'] === '2';
  if (!isSecond || typeof mount !== 'string' || !path.startsWith(mount)) return path;
  const rest = path.slice(mount.length);
  return rest.startsWith('data/') ? path : `${mount}data/${rest}`;
}

function asking(reference: VaultReference, { clock, address, token, namespace, fetch }: VaultSettings): Ask {
  const unset = (what: string, remedy: string) =>
    secretFault('secret-missing', reference, `${what}, so the vault cannot be asked`, remedy);
  const base = URL.parse(address ?? '');
  if (base === null || base.protocol !== 'https:')
    throw unset('VAULT_ADDR is no https:// address', 'set VAULT_ADDR=https://HOST:PORT');
  if (token === undefined || token === '')
    throw unset('VAULT_TOKEN is not set', 'set VAULT_TOKEN, to a short-lived token');
  const headers = {
    'x-vault-token': token,
    'x-vault-request': 'true',
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  };
  const failed = (says: string) =>
    secretFault(
      'secret-vault-failed',
      reference,
      `${base.host}: ${says}`,
      'look whether it is up, unsealed, and has a certificate this machine trusts',
    );
  return async (path) => {
    const parts = path.split('/');
    if (parts.includes('..') || parts.includes('.')) throw failed('the path leads out of the store');
    const url = new URL(`/v1/${parts.map(encodeURIComponent).join('/')}`, base);
    const answer = await within(clock, async (signal) => {
      // A redirect would carry the token to another host.
      const response = await fetch(url, { headers, signal, redirect: 'error' });
      return { status: response.status, body: await bodyOf(response) };
    }).catch((error: unknown) => causeOf(error));
    if (answer === 'late') throw failed(`no answer after ${patience / 1000} s`);
    if (typeof answer === 'string') throw failed(answer);
    return answer;
  };
}

/** The code of a refused connection or certificate; never a message, which may hold what was sent. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}

async function bodyOf(response: Response): Promise<Mapping> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > 4 * mostBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  try {
    return mapping(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    return {};
  }
}
