// `/metrics` over HTTP: read-only, on this machine, one page. Whatever else is asked for is not there.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Fault } from '../fault.ts';
import type { Format, MetricsText } from '../metrics/text.ts';
import type { ListenAddress } from './listen-address.ts';

export type Listening = Readonly<{ url: string }> & AsyncDisposable;

/** Nobody who may not read the folder of the socket; of the others, the group. */
const socketMode = 0o660;

/** @throws Fault `listen-failed` */
export async function listenForMetrics(
  address: ListenAddress,
  read: (format: Format) => Promise<MetricsText>,
): Promise<Listening> {
  if ('socket' in address) await removeDeadSocket(address.socket);
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5000, keepAliveTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) => void answer(request, response, 'host' in address, read),
  );
  server.maxConnections = 64;
  await listening(server, address);
  if ('socket' in address) chmodSync(address.socket, socketMode);
  return {
    url: urlOf(server, address),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  hasHost: boolean,
  read: (format: Format) => Promise<MetricsText>,
): Promise<void> {
  response.on('error', () => {});
  request.resume();
  const plainly = (status: number, text: string, more: Readonly<Record<string, string>> = {}) =>
    void response
      .writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8', ...more })
      .end(`${text}\n`);
  // A page in a browser on this machine may send its name to our address (DNS rebinding): we answer to our own names only.
  if (hasHost && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
    return plainly(421, 'this is not who answers to that name');
  if (request.url?.split('?')[0] !== '/metrics') return plainly(404, 'there is only /metrics here');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plainly(405, 'it can only be read', { allow: 'GET, HEAD' });
  try {
    const open = /(^|,)\s*application\/openmetrics-text/.test(request.headers.accept ?? '');
    const { text, contentType } = await read(open ? 'openmetrics' : 'prometheus');
    response.writeHead(200, { ...headers, 'content-type': contentType });
    response.end(request.method === 'HEAD' ? undefined : text);
  } catch (error) {
    // A half answer would be taken for all there is: the figures that are missing in it for gone.
    plainly(500, `the figures could not be read: ${error instanceof Fault ? error.code : 'unexpected'}`);
  }
}

const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
};

async function listening(server: Server, address: ListenAddress): Promise<void> {
  const where = 'socket' in address ? address.socket : `${address.host}:${address.port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Fault('listen-failed', {
          where,
          says: cause.message,
          remedy: 'see who listens there (ss -ltnp), or give another address',
          cause,
        }),
      ),
    );
    server.listen('socket' in address ? { path: address.socket } : { ...address, exclusive: true }, resolve);
  });
}

/** What a killed process left: a socket at which nobody answers. Anything else at that path is not ours to remove. */
async function removeDeadSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (!alive) unlinkSync(path);
}

function urlOf(server: Server, address: ListenAddress): string {
  if ('socket' in address) return `unix:${address.socket}`;
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}/metrics`;
}
