// A server that misbehaves as told, over real TLS on loopback, and remembers every byte that a client let it read.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { type Fingerprint, parseFingerprint } from '../values/fingerprint.ts';

export type Certificate = Readonly<{ key: string; cert: string; fingerprint: Fingerprint }>;
type Wanted = Readonly<{ name?: string; host?: string; days?: number; signedBy?: Certificate }>;

export function makeCertificate({ name = 'lab', host = 'IP:127.0.0.1', days = 2, signedBy }: Wanted = {}): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-certificate-'));
  const file = (called: string) => join(folder, called);
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${host}`];
    const end = signedBy === undefined ? ['-x509', '-days', String(days)] : [];
    openssl('req', ...end, ...key, ...subject, '-out', file(signedBy === undefined ? 'cert' : 'request'));
    if (signedBy !== undefined) {
      writeFileSync(file('ca.key'), signedBy.key);
      writeFileSync(file('ca'), signedBy.cert);
      const by = ['-CA', file('ca'), '-CAkey', file('ca.key'), '-set_serial', String(process.hrtime.bigint())];
      openssl(
        'x509',
        '-req',
        '-in',
        file('request'),
        ...by,
        '-days',
        String(days),
        '-copy_extensions',
        'copy',
        '-out',
        file('cert'),
      );
    }
    const cert = readFileSync(file('cert'), 'utf8');
    const fingerprint = parseFingerprint(new X509Certificate(cert).fingerprint256);
    if (fingerprint === undefined) throw new Error('openssl made a certificate without fingerprint');
    return { key: readFileSync(file('key'), 'utf8'), cert, fingerprint };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type Asked = Readonly<{
  method: string;
  path: string;
  query: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** the connection it came over, counted from 1 */
  connection: number;
}>;
export type Behaviour = (asked: Asked, response: ServerResponse) => void;

export interface HostileServer extends AsyncDisposable {
  readonly url: string;
  readonly audience: string;
  readonly asked: readonly Asked[];
  /** all that clients sent over finished handshakes */
  received(): string;
  handshakes(): number;
  behave(behaviour: Behaviour): void;
  /** shows another certificate from now on; connections that are open are cut */
  show(certificate: SecureContextOptions): void;
}

export async function hostileServer(certificate: SecureContextOptions, behaviour: Behaviour): Promise<HostileServer> {
  let present = behaviour;
  const asked: Asked[] = [];
  const chunks: Buffer[] = [];
  const connections: TLSSocket[] = [];
  const server: Server = createServer({ ...certificate }, (request, response) => {
    response.on('error', () => undefined);
    const parts: Buffer[] = [];
    request.on('data', (chunk: Buffer) => parts.push(chunk));
    request.on('end', () => {
      const [path = '', query = ''] = (request.url ?? '').split('?');
      const { method = '', headers } = request;
      const connection = connections.indexOf(request.socket as TLSSocket) + 1;
      const one: Asked = { method, path, query, headers, body: Buffer.concat(parts).toString(), connection };
      asked.push(one);
      present(one, response);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('secureConnection', (socket) => {
    connections.push(socket);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    audience: `127.0.0.1:${port}`,
    asked,
    received: () => Buffer.concat(chunks).toString('latin1'),
    handshakes: () => connections.length,
    behave: (next) => {
      present = next;
    },
    show: (next) => {
      server.setSecureContext(next);
      for (const socket of connections) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const json = (response: ServerResponse, value: unknown, status = 200, phrase?: string): void => {
  response.writeHead(status, ...(phrase === undefined ? [] : [phrase]), {
    'content-type': 'application/json;charset=UTF-8',
  });
  response.end(JSON.stringify(value));
};

export const plain = (
  response: ServerResponse,
  status: number,
  phrase: string,
  text: string,
  type = 'text/plain',
): void => {
  response.writeHead(status, phrase, { 'content-type': type });
  response.end(text);
};
