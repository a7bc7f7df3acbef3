// One HTTPS port on loopback: it can be closed and opened again, and it can change its certificate.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../certificate.ts';

export type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface Listener {
  readonly port: number;
  open(): Promise<void>;
  /** refuses new connections and cuts those that are there */
  shut(): Promise<void>;
  show(certificate: Certificate): void;
}

export async function listenOn(certificate: Certificate, serve: Serve): Promise<Listener> {
  // Large enough for a query of the 3 KB that PBS still reads, and far beyond.
  const server = createServer({ key: certificate.key, cert: certificate.cert, maxHeaderSize: 64 * 1024 });
  server.on('request', (request, response) => {
    // Whatever goes wrong in the lab itself must not look like an answer of Proxmox.
    serve(request, response).catch((thrown: unknown) => {
      process.emitWarning(`the lab failed at ${request.method} ${request.url?.split('?')[0]}: ${String(thrown)}`);
      request.socket.destroy();
    });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open: async () => {
      if (!server.listening) await listen(port);
    },
    shut: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    show: ({ key, cert }) => {
      server.setSecureContext({ key, cert });
      // A client that keeps its connection would never see the new one; pveproxy cuts them too when it is restarted.
      server.closeAllConnections();
    },
  };
}
