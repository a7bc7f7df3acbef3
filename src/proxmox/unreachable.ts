// Why a server could not be reached, in words an operator can act on.
import { Fault } from '../fault.ts';
import { portRemark } from './address.ts';
import type { Product } from './api.ts';

type To = Readonly<{ product: Product | undefined; name: string; audience: string }>;

/** A connection that did not come about, or broke: nothing is said here about what was sent over it. */
export const connectionFault = (to: To, seen: unknown, where = `${to.name} (${to.audience})`): Fault =>
  new Fault('server-unreachable', {
    where,
    says: typeof seen === 'string' ? seen : wordsFor(seen),
    remedy: `see whether the server is up, and whether this machine reaches ${to.audience}${to.product === undefined ? '' : portRemark(to.product, to.audience)}`,
    ...(typeof seen === 'string' ? {} : { cause: seen }),
  });

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut (reset)',
  EPIPE: 'the connection was cut (broken pipe)',
  UND_ERR_SOCKET: 'the connection was cut before an answer came',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the host does not answer',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host could not be looked up (name server)',
  UND_ERR_DESTROYED: 'the connection was closed from this side',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks only TLS older than 1.2',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks only TLS older than 1.2',
};

function wordsFor(error: unknown): string {
  // A host with several addresses fails with all their errors; the first one is as good as any.
  if (error instanceof AggregateError) return wordsFor(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return words[code] ?? `the connection failed (${error instanceof Error ? error.message : String(error)})`;
}
