// The port over HTTPS. The only place where a secret is revealed, at the moment of sending, to the host it is bound to, on a
// connection whose certificate was judged before (certificate.ts).
import { Pool } from 'undici';
import { Fault } from '../fault.ts';
import { type Duration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { redactor, type Secret } from '../values/secret.ts';
import { mebibytes, type Size } from '../values/size.ts';
import { addressOf } from './address.ts';
import { meaningOf } from './answer.ts';
import {
  type Answer,
  type ApiPath,
  apiThrough,
  type CallOptions,
  callName,
  type Params,
  type Product,
  type ProxmoxApi,
  path,
  type ServerName,
  type Verb,
} from './api.ts';
import { type Connecting, type Trust, trustedConnector } from './certificate.ts';
import { formOf, type Reveal, secretsIn } from './encoding.ts';
import { exchange, type Request } from './exchange.ts';
import { outcomeUnknown } from './outcome-unknown.ts';
import { type Auth, identityOf, type SecretHeader, type Session, ticketSession, tokenSession } from './session.ts';

export type ConnectionLimits = Readonly<{
  connect: Duration;
  /** the longest silence within a call */
  idle: Duration;
  /** a whole call */
  deadline: Duration;
  answer: Size;
  /** open at the same time, for reads */
  connections: number;
}>;

// Idle: the forwarder between nodes gives up after 30 s, a config lock after 10 s. Deadline: listing a large storage takes
// PVE up to 120 s (facts: pve-api sections 1 and 7).
const usualLimits: ConnectionLimits = {
  connect: seconds(10),
  idle: seconds(60),
  deadline: seconds(150),
  answer: mebibytes(32),
  connections: 4,
};

export type ConnectOptions = Readonly<{
  product: Product;
  name: string;
  url: string;
  trust: Trust;
  auth: Auth;
  clock: Clock;
  limits?: Partial<ConnectionLimits>;
}>;

const disposed = new Error('the connection was closed from this side');

/** Nothing is sent before the first call. */
export function connect(options: ConnectOptions): ProxmoxApi & AsyncDisposable {
  const { product, name, trust, auth, clock } = options;
  const { origin, audience } = addressOf(options);
  const server: ServerName = { product, name, audience, identity: identityOf(auth) };
  const limits = { ...usualLimits, ...options.limits };
  const closing = new AbortController();
  const pools = poolsOf(origin, limits.connections, {
    product,
    name,
    audience,
    trust,
    clock,
    timeout: limits.connect,
    closing: closing.signal,
  });
  const line: Line = { server, limits, clock, pools };

  const session: Session =
    auth.kind === 'token'
      ? tokenSession(product, auth.id, auth.secret)
      : ticketSession(server, clock, async () => {
          const params = { username: auth.username, password: auth.password };
          // Logging in twice does no harm, so a lost answer leaves nothing in doubt.
          const end = await send(line, { verb: 'post', path: path`/access/ticket`, params, options: {}, login: [] });
          if (end.kind === 'answer') return end.answer.data;
          throw end.reason;
        });

  const api = apiThrough(server, async (verb, path, params, options) => {
    options.signal?.throwIfAborted();
    const end = await send(line, { verb, path, params, options, login: await session.headers(verb) });
    if (end.kind === 'answer') return end.answer;
    if (end.reason instanceof Fault && end.reason.code === 'credentials-refused') session.refused();
    throw end.inDoubt && verb !== 'get' ? outcomeUnknown(callName(server, verb, path), end.reason) : end.reason;
  });
  const dispose = async () => {
    closing.abort(disposed);
    await pools.destroy();
  };
  return { ...api, [Symbol.asyncDispose]: dispose };
}

type Line = Readonly<{
  server: ServerName;
  limits: ConnectionLimits;
  clock: Clock;
  pools: Readonly<{ reads: Pool; writes(): Pool; destroy(): Promise<unknown> }>;
}>;

function poolsOf(origin: string, connections: number, connecting: Connecting): Line['pools'] {
  // The patience of a call is the clock's (watch.ts), not the pool's.
  const options = { connect: trustedConnector(connecting), headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 2000 };
  // A write never travels on a connection that was used before: a server closing an idle one at that moment would leave the
  // write's outcome in doubt. Pipelining 0 is undici's word for that.
  const reads = new Pool(origin, { ...options, connections });
  let writes: Pool | undefined;
  return {
    reads,
    // Most who ask never write.
    writes: () => {
      if (writes === undefined) {
        writes = new Pool(origin, { ...options, pipelining: 0 });
        if (connecting.closing.aborted) writes.destroy(disposed, () => undefined);
      }
      return writes;
    },
    destroy: () => Promise.all([reads.destroy(disposed), writes?.destroy(disposed)]),
  };
}

type Call = Readonly<{
  verb: Verb;
  path: ApiPath;
  params: Params;
  options: CallOptions;
  login: readonly SecretHeader[];
}>;
type End =
  | Readonly<{ kind: 'answer'; answer: Answer }>
  | Readonly<{ kind: 'failed'; reason: unknown; inDoubt: boolean }>;

async function send({ server, limits, clock, pools }: Line, call: Call): Promise<End> {
  const { verb, path, params, options, login } = call;
  const where = callName(server, verb, path);
  const request: Request = {
    ...written(call, where, revealing(server, where)),
    ...{ server, verb, path, signal: options.signal, largest: limits.answer },
    patience: { idle: options.timeout ?? limits.idle, deadline: options.timeout ?? limits.deadline },
  };
  const came = await exchange(verb === 'get' ? pools.reads : pools.writes(), request, clock);
  if (came.kind === 'broken') return { kind: 'failed', reason: came.reason, inDoubt: came.sent };
  const redact = redactor([...login.map((header) => header.secret), ...secretsIn(params)]);
  const meaning = meaningOf({ server, where, redact }, came.answered);
  if (meaning.kind === 'answer') return meaning;
  return { kind: 'failed', reason: meaning.fault, inDoubt: meaning.kind === 'unclear' };
}

function written(call: Call, where: string, reveal: Reveal): Pick<Request, 'target' | 'headers' | 'body'> {
  const { verb, params } = call;
  const headers = { accept: 'application/json', ...loginHeaders(call.login, where, reveal) };
  const target = `/api2/json${call.path}`;
  if (verb === 'post' || verb === 'put') {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    return { target, headers: { ...headers, ...form }, body: formOf(params, reveal) };
  }
  // A body on GET or DELETE is refused by PVE with 501: their parameters go into the query string, which access logs keep.
  refuseSecretInQuery(call, where);
  const query = formOf(params, reveal);
  return { target: query === '' ? target : `${target}?${query}`, headers, body: undefined };
}

const loginHeaders = (login: readonly SecretHeader[], where: string, reveal: Reveal) =>
  Object.fromEntries(
    login.map(({ name, before, secret, encoded }) => {
      const value = headerSafe(where, secret, reveal(secret));
      return [name, `${before}${encoded ? encodeURIComponent(value) : value}`];
    }),
  );

function refuseSecretInQuery({ path, params, options }: Call, where: string): void {
  const [secret] = secretsIn(params);
  const allowed = options.secretInQuery === 'scan-pbs' && /^\/nodes\/[^/]+\/scan\/pbs$/.test(path);
  if (secret === undefined || allowed) return;
  throw new Fault('secret-in-query', {
    where,
    says: `the secret ${secret.name} would stand in the query string, and so in the server's access log`,
    remedy: 'this is a defect in Holdfast: please report it with the log of the run',
  });
}

const revealing =
  (server: ServerName, where: string): Reveal =>
  (secret) => {
    try {
      return secret.revealTo(server.audience);
    } catch (cause) {
      throw new Fault('secret-for-another', {
        where,
        says: `the secret ${secret.name} was not given for ${server.audience}, so it was not sent there`,
        remedy: 'where the url of the server has changed, bind the secret to the new host in the guard file',
        cause,
      });
    }
  };

function headerSafe(where: string, secret: Secret, value: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new Fault('secret-unusable', {
    where,
    says: `the secret ${secret.name} is ${value === '' ? 'empty' : 'no plain text: it has a blank, a line feed or another mark that no token has'}`,
    remedy: 'write the bare secret into its file, without quotes, name or second line',
  });
}
