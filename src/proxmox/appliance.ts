// Calls to an API that is none of Proxmox's, over the same proved connection: whom we speak to is known before the secret is
// written to it. Bodies may be of any size, both ways: they pass in pieces, and only silence ends a call.
import { Readable } from 'node:stream';
import { Client } from 'undici';
import { Fault } from '../fault.ts';
import { type Duration, days, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import { type Trust, trustedConnector } from './certificate.ts';
import { connectionFault } from './unreachable.ts';
import { watch } from './watch.ts';

export type Appliance = Readonly<{
  name: string;
  /** nothing but a scheme, a host and a port */
  url: string;
  /** `loopback`: plain http, which never leaves this machine */
  trust: Trust | 'loopback';
  clock: Clock;
}>;

export const isLoopback = (url: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');

/** Whom a secret for it is bound to. */
export const audienceOf = ({ url }: Pick<Appliance, 'url'>): string => {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`;
};

/** The name of the header, what stands before the secret in it, and the secret. */
export type ApplianceLogin = Readonly<{ header: string; before: string; secret: Secret }>;

export type Asking = Readonly<{
  method: 'GET' | 'POST';
  path: string;
  login?: ApplianceLogin;
  headers?: Readonly<Record<string, string>>;
  body?: string | AsyncIterable<Uint8Array>;
  /** the longest that nothing may move */
  silence?: Duration;
  signal: AbortSignal;
}>;

export type Answering = Readonly<{
  status: number;
  /** where it says that it should be asked instead */
  location: string | undefined;
  /** the connection breaks off with a fault; read to its end, or left, before the next call */
  body: AsyncIterable<Uint8Array>;
}>;

export interface Line {
  /** @throws Fault `server-unreachable`, `certificate-changed`, `certificate-not-trusted` */
  ask(asking: Asking): Promise<Answering>;
  close(): Promise<void>;
}

const patience = seconds(60);
const unlimited = days(3650);

/** Nothing is opened before the first call. */
export function lineTo(appliance: Appliance): Line {
  const { name, url, clock } = appliance;
  const to = { product: undefined, name, audience: audienceOf(appliance) };
  const closing = new AbortController();
  const client = new Client(new URL(url).origin, {
    connect: connectorOf(appliance, closing.signal),
    ...{ headersTimeout: 0, bodyTimeout: 0 },
  });

  const ask = async (asking: Asking): Promise<Answering> => {
    const { method, path, signal, silence = patience, body } = asking;
    const silent = new AbortController();
    const either = AbortSignal.any([signal, silent.signal]);
    const watched = () =>
      watch(clock, { idle: silence, deadline: unlimited }, (says) => silent.abort(connectionFault(to, says)));
    const failed = (error: unknown): Fault => {
      signal.throwIfAborted();
      return error instanceof Fault ? error : connectionFault(to, error);
    };
    const { heard, end } = watched();
    const given =
      typeof body === 'string' || body === undefined
        ? body
        : Readable.from(heardOf(body, heard), { objectMode: false });
    try {
      const request = { method, path, headers: headersOf(asking, to.audience), signal: either } as const;
      const answer = await client.request(given === undefined ? request : { ...request, body: given });
      const { location } = answer.headers;
      const pieces = async function* () {
        try {
          yield* whileHeard(answer.body, watched);
        } catch (error) {
          throw failed(error);
        }
      };
      return {
        status: answer.statusCode,
        location: typeof location === 'string' ? location : undefined,
        body: pieces(),
      };
    } catch (error) {
      throw failed(error);
    } finally {
      end();
    }
  };

  return {
    ask,
    close: async () => {
      closing.abort();
      await client.destroy();
    },
  };
}

function connectorOf({ name, url, trust, clock }: Appliance, closing: AbortSignal) {
  const timeout = seconds(10);
  if (trust !== 'loopback') {
    const to = { product: undefined, name, audience: audienceOf({ url }) };
    return trustedConnector({ ...to, trust, clock, timeout, closing });
  }
  if (!isLoopback(url)) throw new Error(`${url} is asked without TLS, and is not on this machine`);
  return { timeout };
}

const headersOf = ({ login, headers }: Asking, audience: string): Record<string, string> => ({
  accept: 'application/json',
  ...headers,
  ...(login === undefined ? {} : { [login.header]: `${login.before}${login.secret.revealTo(audience)}` }),
});

async function* heardOf(pieces: AsyncIterable<Uint8Array>, heard: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    heard();
    yield piece;
  }
}

/** Only while it is waited for: a reader that takes its time is no silence of the server. */
async function* whileHeard(
  pieces: AsyncIterable<Uint8Array>,
  watched: () => ReturnType<typeof watch>,
): AsyncGenerator<Uint8Array> {
  const each = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { end } = watched();
      const next = await each.next().finally(end);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await each.return?.();
  }
}

/** @throws Fault `answer-too-large` */
export async function textOf({ body }: Pick<Answering, 'body'>, name: string, largest: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > largest) throw tooLarge(name, largest);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

export type ApplianceCall = Readonly<{
  path: string;
  login: ApplianceLogin;
  body: unknown;
  /** the largest answer that is read, in bytes */
  largest: number;
  signal: AbortSignal;
}>;

/** @throws what `ask` and `textOf` do */
export async function postTo(
  appliance: Appliance,
  { path, login, body, largest, signal }: ApplianceCall,
): Promise<Readonly<{ status: number; text: string }>> {
  const line = lineTo(appliance);
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await line.ask({ method: 'POST', path, login, headers, body: JSON.stringify(body), signal });
    return { status: answer.status, text: await textOf(answer, appliance.name, largest) };
  } finally {
    await line.close();
  }
}

const tooLarge = (name: string, largest: number): Fault =>
  new Fault('answer-too-large', {
    where: name,
    says: `its answer is larger than ${largest} bytes`,
    remedy: 'see what answers there: this is none of its answers',
  });
