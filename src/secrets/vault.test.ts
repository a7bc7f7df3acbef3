import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { type Clock, systemClock } from '../values/instant.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { secretStore } from './resolve.ts';
import { anything, settings } from './secrets.test-support.ts';

const audience = 'ruapehu:8006';
const env = { VAULT_ADDR: 'https://vault.home:8200', VAULT_TOKEN: 'canary-of-the-vault' };

/** A store that keeps secrets as Vault does, with its answers; `kv1/` is version 1, `kv2/` version 2. */
function vault(options: { token?: string; mountsHidden?: boolean } = {}): typeof fetch {
  const stored: Readonly<Record<string, unknown>> = {
    '/v1/kv1/holdfast/ruapehu': { data: { token: 'canary-one' } },
    '/v1/kv2/data/holdfast/ruapehu': { data: { data: { token: 'canary-two', number: 7 }, metadata: { version: 3 } } },
    '/v1/database/creds/app': { lease_id: 'database/creds/app/abc', data: { password: 'canary-leased' } },
  };
  return async (input, init) => {
    const url = new URL(String(input));
    assert.equal(url.origin, 'https://vault.home:8200');
    const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
    if (new Headers(init?.headers).get('x-vault-token') !== (options.token ?? env.VAULT_TOKEN))
      return answer(403, { errors: ['permission denied canary'] });
    const [, mount] = /^\/v1\/sys\/internal\/ui\/mounts\/([^/]+)\//.exec(url.pathname) ?? [];
    if (mount !== undefined && options.mountsHidden) return answer(403, { errors: ['preflight capability check'] });
    if (mount !== undefined)
      return answer(200, { data: { path: `${mount}/`, options: mount === 'kv2' ? { version: '2' } : null } });
    const found = stored[url.pathname];
    return found === undefined ? answer(404, { errors: [] }) : answer(200, found);
  };
}

const read = async (path: string, parts: Parameters<typeof settings>[0] = {}): Promise<string> => {
  const reference: SecretReference = { vault: path };
  return (await secretStore(settings({ env, fetch: vault(), ...parts }), anything)(reference, audience)).revealTo(
    audience,
  );
};

async function refused(
  path: string,
  code: string,
  says: RegExp,
  parts: Parameters<typeof settings>[0] = {},
): Promise<void> {
  await assert.rejects(read(path, parts), (thrown: unknown) => {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, code);
    assert.match(thrown.says, says);
    assert.doesNotMatch(JSON.stringify(thrown) + thrown.stack, /canary/);
    return true;
  });
}

describe('a secret in a vault', () => {
  it('is found in both versions of the key-value store, written as for its command line', async () => {
    assert.equal(await read('kv1/holdfast/ruapehu#token'), 'canary-one');
    assert.equal(await read('kv2/holdfast/ruapehu#token'), 'canary-two');
  });

  it('is found with data/ written out where the token may not ask for the mount', async () => {
    const fetch = vault({ mountsHidden: true });
    assert.equal(await read('kv2/data/holdfast/ruapehu#token', { fetch }), 'canary-two');
    assert.equal(await read('kv2/data/holdfast/ruapehu#token'), 'canary-two');
  });

  it('is missing where there is no such path, key or text', async () => {
    await refused('kv1/other#token', 'secret-missing', /nothing there/);
    await refused('kv2/holdfast/ruapehu#other', 'secret-missing', /no text under that key/);
    await refused('kv2/holdfast/ruapehu#number', 'secret-missing', /no text under that key/);
    await refused('kv2/holdfast/ruapehu#constructor', 'secret-missing', /no text under that key/);
  });

  it('is refused where it is leased, since nobody would give it back', () =>
    refused('database/creds/app#password', 'secret-vault-failed', /leased/));

  it('is asked for by HTTPS and with a token only', async () => {
    await refused('kv1/a#b', 'secret-missing', /VAULT_ADDR/, { env: { ...env, VAULT_ADDR: 'http://vault.home:8200' } });
    await refused('kv1/a#b', 'secret-missing', /VAULT_ADDR/, { env: {} });
    await refused('kv1/a#b', 'secret-missing', /VAULT_TOKEN/, { env: { VAULT_ADDR: env.VAULT_ADDR } });
  });

  it('never leaves its store by way of the path', () =>
    refused('kv1/../../sys/raw#token', 'secret-vault-failed', /leads out/));

  it('names the vault and the kind of failure, and nothing it said', async () => {
    await refused('kv1/holdfast/ruapehu#token', 'secret-vault-failed', /answers 403/, {
      fetch: vault({ token: 'other' }),
    });
    const cause = Object.assign(new Error('canary'), { code: 'ECONNREFUSED' });
    const fetch = () => Promise.reject(new TypeError('fetch failed: canary', { cause }));
    await refused('kv1/a#b', 'secret-vault-failed', /vault\.home:8200: the connection failed \(ECONNREFUSED\)/, {
      fetch,
    });
  });

  it('is not waited for longer than ten seconds, nor read without end', async () => {
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    const clock: Clock = { ...systemClock, sleep: async () => {} };
    await refused('kv1/a#b', 'secret-vault-failed', /no answer after 10 s/, { fetch: silent, clock });
    const endless = () => new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(65_536).fill(32)) });
    await refused('kv1/a#b', 'secret-vault-failed', /connection failed/, {
      fetch: async () => new Response(endless()),
    });
  });
});
