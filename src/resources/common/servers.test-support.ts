// Two servers with state, as far as storage entries and prune jobs go: a digest of the whole file that refuses a late write,
// fixed fields, `delete`. A hand on the file can be let in between a reading and the write that follows it.
import { createHash } from 'node:crypto';
import { unreachableWorld } from '../../../test/unreachable-world.ts';
import type { World } from '../../contracts/world.ts';
import type { Params, ProxmoxApi } from '../../proxmox/api.ts';
import { textsOf } from '../../proxmox/encoding.ts';
import { fakeApi, refused } from '../../proxmox/fake-api.test-support.ts';
import { Secret } from '../../values/secret.ts';

type Row = Record<string, string | number>;

export type ConfigServer = Readonly<{
  api: ProxmoxApi;
  rows: Map<string, Row>;
  /** what each write sent, secrets in clear */
  sent: Params[];
  /** called once, when the next write arrives and before it is looked at */
  meanwhile(hand: () => void): void;
}>;

export function configServer(product: 'pve' | 'pbs'): ConfigServer {
  const [collection, id] = product === 'pve' ? ['/storage', 'storage'] : ['/config/prune', 'id'];
  const rows = new Map<string, Row>();
  const sent: Params[] = [];
  let hand: (() => void) | undefined;
  const digest = () =>
    createHash('sha256')
      .update(JSON.stringify([...rows]))
      .digest('hex');
  const list = () =>
    product === 'pve' ? [...rows.values()].map((row) => ({ ...row, digest: digest() })) : [...rows.values()];
  const write = (verb: string, name: string, params: Params) => {
    hand?.();
    hand = undefined;
    const given = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, clear(value)]));
    sent.push(given);
    if (given['digest'] !== undefined && given['digest'] !== digest())
      throw refused(
        product,
        product === 'pve' ? 500 : 400,
        'detected modified configuration - file changed by other user? Try again.',
      );
    if (verb === 'delete') rows.delete(name);
    else rows.set(name, changed(rows.get(name), given, { [id]: name }));
  };
  const api = fakeApi(product, (verb, path, params) => {
    const name = path.slice(collection.length + 1);
    if (verb === 'get' && name === '') return { data: list(), digest: digest() };
    if (verb === 'get') return { data: { ...rows.get(name), digest: digest() }, digest: digest() };
    write(verb, verb === 'post' ? String(params[id]) : name, params);
    return { data: null };
  });
  const meanwhile = (next: () => void) => {
    hand = next;
  };
  return { api, rows, sent, meanwhile };
}

const clear = (value: Params[string]): string => textsOf(value, (secret) => secret.revealTo('lab:1')).join(',');

function changed(before: Row | undefined, given: Readonly<Record<string, string>>, key: Row): Row {
  const { delete: gone = '', digest: _, ...set } = given;
  const kept = Object.entries(before ?? {}).filter(([name]) => !gone.split(',').includes(name));
  return { ...Object.fromEntries(kept), ...set, ...key };
}

export const worldOf = (server: ConfigServer): World =>
  ({
    ...unreachableWorld(),
    server: async () => server.api,
    secret: async () => new Secret('password', 'open sesame', 'lab:1'),
    keepSecret: async () => {},
    setAsideSecret: async () => {},
    keyedDigest: async (secret) => secret.keyedDigest(Buffer.from('the key of this test')),
  }) satisfies World;
