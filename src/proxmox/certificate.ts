// Whom we speak to is proved on every new connection, before the first byte of a request is written to it: a connection
// is handed to the HTTP client only after the verdict. There is no third way beside pin and CA (threat model T11).
import { isIP } from 'node:net';
import { connect, createSecureContext, getCACertificates, type SecureContext, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { Fault } from '../fault.ts';
import { type Duration, formatDuration } from '../values/duration.ts';
import { type Fingerprint, parseFingerprint } from '../values/fingerprint.ts';
import type { Clock } from '../values/instant.ts';
import type { Product } from './api.ts';
import { connectionFault } from './unreachable.ts';

/** A pinned leaf certificate, or the CAs this machine trusts (with a private CA's PEM beside them, where one is given). */
export type Trust = Readonly<{ fingerprint: Fingerprint }> | 'ca' | Readonly<{ ca: string }>;

export type Connecting = Readonly<{
  /** undefined for what is none of Proxmox's: another appliance with an API over HTTPS */
  product: Product | undefined;
  name: string;
  audience: string;
  trust: Trust;
  clock: Clock;
  timeout: Duration;
  /** aborted when the connection is given up as a whole */
  closing: AbortSignal;
}>;

/** Said once, and not made anew with a stack each time: a plan opens hundreds of connections. */
const settled = new Error('it is settled');

export function trustedConnector(to: Connecting): buildConnector.connector {
  const secureContext = contextFor(to);
  return ({ hostname, port }, callback) => {
    // Without a session to resume, each connection shows its certificate. Node would refuse every self-signed certificate
    // by itself, and could not say what it saw; so it only judges, and `distrust` decides, below.
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      servername: isIP(hostname) === 0 ? hostname : '',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
      secureContext,
    });
    const patience = new AbortController();
    const settle = (fault: Fault | undefined) => {
      if (patience.signal.aborted) return;
      patience.abort(settled);
      to.closing.removeEventListener('abort', close);
      if (fault === undefined) return callback(null, socket.setNoDelay(true));
      socket.destroy();
      callback(fault, null);
    };
    const close = () => settle(connectionFault(to, 'the connection was closed from this side'));
    to.closing.addEventListener('abort', close);
    socket.once('secureConnect', () => settle(distrust(to, socket)));
    socket.on('error', (error) => settle(connectionFault(to, error)));
    to.clock.sleep(to.timeout, patience.signal).then(
      () => settle(connectionFault(to, `no connection within ${formatDuration(to.timeout)}`)),
      () => undefined,
    );
  };
}

// To make one costs a millisecond, and a hundred pinned servers need the same: no authority at all.
let pinnedContext: SecureContext | undefined;

function contextFor(to: Connecting): SecureContext {
  const authorities = authoritiesOf(to);
  if (authorities !== undefined) return createSecureContext({ minVersion: 'TLSv1.2', ca: authorities });
  pinnedContext ??= createSecureContext({ minVersion: 'TLSv1.2' });
  return pinnedContext;
}

function authoritiesOf(to: Connecting): string[] | undefined {
  if (to.trust !== 'ca' && 'fingerprint' in to.trust) return undefined;
  const authorities = [...getCACertificates('system'), ...(to.trust === 'ca' ? [] : [to.trust.ca])];
  if (authorities.length > 0) return authorities;
  throw new Fault('certificate-not-trusted', {
    where: `${to.name} (${to.audience})`,
    says: 'the estate says `trust: ca`, and this machine knows no CA',
    remedy: 'install the package ca-certificates, or pin the server with `fingerprint`',
  });
}

function distrust(to: Connecting, socket: TLSSocket): Fault | undefined {
  const seen = parseFingerprint(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
  const where = `${to.name} (${to.audience})`;
  if (seen === undefined)
    return new Fault('certificate-not-trusted', {
      where,
      says: 'it shows no certificate',
      remedy: 'see what listens on that port',
    });
  if (to.trust !== 'ca' && 'fingerprint' in to.trust)
    return seen === to.trust.fingerprint
      ? undefined
      : new Fault('certificate-changed', {
          where,
          says: `it shows the certificate ${seen}, the estate pins ${to.trust.fingerprint}; nothing was sent to it`,
          remedy: `compare with what \`${showCertificate[to.product ?? 'other']}\` prints on the server itself; if they are the same, pin the new one in the estate`,
        });
  if (socket.authorized) return undefined;
  return new Fault('certificate-not-trusted', {
    where,
    says: `${reasonOf(socket.authorizationError)}; the certificate is ${seen}; nothing was sent to it`,
    remedy: `install the certificate of its CA on this machine, or compare the fingerprint with what \`${showCertificate[to.product ?? 'other']}\` prints on the server itself, and pin it`,
  });
}

const showCertificate = {
  pve: 'pvenode cert info',
  pbs: 'proxmox-backup-manager cert info',
  other: 'openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE',
} as const satisfies Record<Product | 'other', string>;

const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from a CA that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from a CA that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from a CA that this machine does not know',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (compare the clocks)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

const reasonOf = (code: unknown): string =>
  reasons[String(code)] ?? `its certificate does not verify (${String(code)})`;
