// The port to a Proxmox server. Two transports speak it (HTTPS, and the local `pvesh` command), and what is common to all
// calls (limits, retries, rehearsal) is wrapped around it, so that a resource or a layer never knows which it has.
import { Fault } from '../fault.ts';
import type { Duration } from '../values/duration.ts';
import type { Instant } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';

export type Product = 'pve' | 'pbs';

/** Booleans travel as 1 and 0; a list repeats its key. PVE's `*-list` strings are joined by the caller. */
export type Parameter = string | number | boolean | readonly (string | Secret)[] | Secret;
export type Params = Readonly<Record<string, Parameter>>;

export type CallOptions = Readonly<{
  signal?: AbortSignal | undefined;
  /** how long this call may take in all, and may be silent; without it the connection's own limits count */
  timeout?: Duration | undefined;
  /** `GET /nodes/N/scan/pbs` takes its password in the query string, where it ends in access logs: said by name or refused */
  secretInQuery?: 'scan-pbs' | undefined;
}>;

export type Answer = Readonly<{
  data: unknown;
  /** of the whole config file behind the answer, where the server gives one beside the data */
  digest?: string;
  /** of a list that was asked for in part */
  total?: number;
  /** the server's own clock when it answered */
  at?: Instant;
}>;

export type Verb = 'get' | 'post' | 'put' | 'delete';

declare const brand: unique symbol;
/** A path below `/api2/json`, its parts percent-encoded; made by `path` only. */
export type ApiPath = string & { readonly [brand]: 'api path' };

type Call = (path: ApiPath, params?: Params, options?: CallOptions) => Promise<Answer>;

export type ServerName = Readonly<{
  product: Product;
  /** the server's name in the estate */
  name: string;
  /** who we are there: `holdfast@pve!ops` */
  identity: string;
  /** what a secret must be bound to if it is to be sent through here: `host:port` */
  audience: string;
}>;

/**
 * Rejects with a ProxmoxRefusal where the server said no, with a Fault where it could not be asked, and with the Fault
 * `outcome-unknown` where a write may have been carried out all the same.
 */
export type ProxmoxApi = ServerName & Readonly<Record<Verb, Call>>;

export type Carry = (verb: Verb, path: ApiPath, params: Params, options: CallOptions) => Promise<Answer>;

export function apiThrough(server: ServerName, carry: Carry): ProxmoxApi {
  const call =
    (verb: Verb): Call =>
    (path, params = {}, options = {}) =>
      carry(verb, path, params, options);
  const { product, name, identity, audience } = server;
  return {
    ...{ product, name, identity, audience },
    ...{ get: call('get'), post: call('post'), put: call('put'), delete: call('delete') },
  };
}

/** For a part of a path, where `!` and its like are encoded too. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

/** `` path`/nodes/${node}/tasks/${upid}/status` `` */
export function path(texts: TemplateStringsArray, ...parts: readonly (string | number)[]): ApiPath {
  const encoded = parts.map((part) => {
    const text = String(part);
    // Servers and proxies read these as something else than a name.
    if (['', '.', '..'].includes(text))
      throw new Fault('name-not-sendable', {
        where: texts.join('…'),
        says: `"${text}" cannot be a part of a path`,
        remedy: 'correct the name in the estate',
        exit: 'invalid',
      });
    return percentEncoded(text);
  });
  return String.raw({ raw: texts }, ...encoded) as ApiPath;
}

/** The path as a person, and `pvesh`, writes it. */
export const plainPath = (path: ApiPath): string => decodeURIComponent(path);

const methods = { get: 'GET', post: 'POST', put: 'PUT', delete: 'DELETE' } as const satisfies Record<Verb, string>;
export const methodOf = (verb: Verb): (typeof methods)[Verb] => methods[verb];

/** What a fault of one call is about: `ruapehu (10.10.0.10:8006), PUT /storage/pbs1`. */
export const callName = (server: ServerName, verb: Verb, path: ApiPath): string =>
  `${server.name} (${server.audience}), ${methodOf(verb)} ${plainPath(path)}`;
