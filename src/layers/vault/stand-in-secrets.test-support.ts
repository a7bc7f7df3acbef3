// What a stand-in answers beside snapshots, in the words of the API: its secrets (kv, version 1), its policies, its tokens, its seal.
// A proof asks for them by curl, before and after.
type Named<Value> = Readonly<Record<string, Value>>;
type Cluster = {
  readonly contents: Readonly<{ data: Named<string>; policies: Named<object>; tokens: Named<object> }>;
  sealed: boolean;
  put(name: string, value: string): void;
  remove(name: string): void;
  unseal(key: string): boolean;
};

export type Told = Readonly<{ status: number; value?: object }>;

const missing: Told = { status: 404, value: { errors: [] } };
const data = (value: object | undefined): Told =>
  value === undefined ? missing : { status: 200, value: { data: value } };
const listed = (names: readonly string[]): Told => data({ keys: [...names].sort() });

/** @param path without `/v1/`, as it was asked for; undefined where it is none of these */
export function secretsIn(cluster: Cluster, path: string, method: string, body: Buffer): Told | undefined {
  const { contents } = cluster;
  if (path === 'sys/seal' && method === 'PUT') {
    cluster.sealed = true;
    return { status: 204 };
  }
  if (path === 'kv?list=true') return listed(Object.keys(contents.data).map((name) => name.slice('kv/'.length)));
  if (path.startsWith('kv/')) return secret(cluster, decodeURIComponent(path), method, body);
  if (path === 'sys/policies/acl?list=true') return listed(Object.keys(contents.policies));
  if (path.startsWith('sys/policies/acl/')) return data(contents.policies[path.slice('sys/policies/acl/'.length)]);
  if (path === 'auth/token/accessors?list=true') return listed(Object.keys(contents.tokens));
  return undefined;
}

function secret(cluster: Cluster, name: string, method: string, body: Buffer): Told {
  const value = cluster.contents.data[name];
  if (method === 'GET') return data(value === undefined ? undefined : { value });
  if (method === 'DELETE') cluster.remove(name);
  else cluster.put(name, String((JSON.parse(body.toString()) as { value: unknown }).value));
  return { status: 204 };
}

/** Asked without a token, and while it is sealed. */
export function unsealed(cluster: Cluster, body: Buffer): Told {
  const { key } = JSON.parse(body.toString()) as { key: string };
  return cluster.unseal(key)
    ? { status: 200, value: { sealed: cluster.sealed } }
    : {
        status: 400,
        value: { errors: ['failed to decrypt encrypted stored keys: cipher: message authentication failed'] },
      };
}
