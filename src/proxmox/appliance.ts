// One call to an API that is none of Proxmox's, over the same proved connection: whom we speak to is known before the secret is
// written to it.
import { Client, errors } from 'undici';
import { Fault } from '../fault.ts';
import { seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import { type Trust, trustedConnector } from './certificate.ts';
import { connectionFault } from './unreachable.ts';

export type Appliance = Readonly<{
  name: string;
  /** https, nothing but a host and a port */
  url: string;
  trust: Trust;
  clock: Clock;
}>;

/** Whom a secret for it is bound to. */
export const audienceOf = ({ url }: Pick<Appliance, 'url'>): string => {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || '443'}`;
};

export type ApplianceCall = Readonly<{
  path: string;
  /** the name of the header, what stands before the secret in it, and the secret */
  login: Readonly<{ header: string; before: string; secret: Secret }>;
  body: unknown;
  /** the largest answer that is read, in bytes */
  largest: number;
  signal: AbortSignal;
}>;

const patience = seconds(60);

/** @throws Fault `server-unreachable`, `certificate-changed`, `certificate-not-trusted`, `answer-too-large` */
export async function postTo(
  appliance: Appliance,
  { path, login, body, largest, signal }: ApplianceCall,
): Promise<Readonly<{ status: number; text: string }>> {
  const { name, url, trust, clock } = appliance;
  const to = { product: undefined, name, audience: audienceOf(appliance) };
  const closing = new AbortController();
  const connect = trustedConnector({ ...to, trust, clock, timeout: seconds(10), closing: closing.signal });
  const client = new Client(new URL(url).origin, { connect, headersTimeout: patience, bodyTimeout: patience });
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    [login.header]: `${login.before}${login.secret.revealTo(to.audience)}`,
  };
  try {
    const call = { method: 'POST', path, headers, body: JSON.stringify(body), signal } as const;
    const { statusCode, body: answer } = await client.request(call);
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of answer) {
      bytes += piece.length;
      if (bytes > largest) throw tooLarge(name, largest);
      pieces.push(piece);
    }
    return { status: statusCode, text: Buffer.concat(pieces).toString() };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Fault) throw error;
    if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
      throw connectionFault(to, 'it did not answer within a minute');
    throw connectionFault(to, error);
  } finally {
    closing.abort();
    await client.destroy();
  }
}

const tooLarge = (name: string, largest: number): Fault =>
  new Fault('answer-too-large', {
    where: name,
    says: `its answer is larger than ${largest} bytes`,
    remedy: 'see what answers there: this is none of its answers',
  });
