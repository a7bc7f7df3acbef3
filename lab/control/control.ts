// The lab's own door: plain HTTP on loopback, for other processes. Faults come and go, the state is shown, and a foreign hand
// changes what the servers hold. It is no part of what is simulated.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { faultCatalogue } from '../faults/catalogue.ts';
import { type FaultSetter, faultOptions } from '../faults/setter.ts';
import type { Server } from '../server.ts';
import { change } from './change.ts';

export type ControlParts = Readonly<{
  servers: readonly Server[];
  faults: FaultSetter;
  /** a second net: states hold no secrets */
  redact: (text: string) => string;
}>;
export type Control = Readonly<{ url: string; close(): Promise<void> }>;

type Said = Readonly<{ status: number; value: unknown }>;
type Route = (parts: ControlParts, body: unknown) => Promise<Said> | Said;
const fine = (value: unknown): Said => ({ status: 200, value });
const refused = (status: number, error: string): Said => ({ status, value: { error } });

const faultGiven = z.strictObject({ server: z.string(), name: z.string(), ...faultOptions.shape });

const routes: Readonly<Record<string, Route>> = {
  'GET /faults': ({ faults }) => fine({ present: faults.present(), catalogue: faultCatalogue }),
  'PUT /faults': async ({ faults }, body) => {
    const { server, name, ...options } = faultGiven.parse(body);
    await faults.set(server, name, options);
    return fine({ present: faults.present() });
  },
  'DELETE /faults': async ({ faults }) => {
    await faults.clear();
    return fine({ present: faults.present() });
  },
  'POST /restart': ({ faults }, body) => {
    faults.restarted(z.strictObject({ server: z.string() }).parse(body).server);
    return fine({ present: faults.present() });
  },
  'GET /state': ({ servers, faults }) => {
    const states = servers.map(({ name, host }) => [name, host.state] as const);
    return fine({ servers: Object.fromEntries(states), faults: faults.present() });
  },
  'POST /change': ({ servers }, body) => fine(change(servers, body)),
};

export async function openControl(parts: ControlParts): Promise<Control> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<Said> => {
      const { port } = server.address() as AddressInfo;
      return isForeign(request, port) ?? handled(parts, request);
    };
    answer()
      .catch((thrown: unknown) => refused(400, wordsOf(thrown)))
      .then(({ status, value }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(`${parts.redact(JSON.stringify(value))}\n`);
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

// A web page in some browser on this machine could send requests here, too: it says where it comes from, or names the host
// by the name that it was loaded from.
function isForeign({ headers }: IncomingMessage, port: number): Said | undefined {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (headers.origin === undefined && own.includes(headers.host ?? '')) return undefined;
  return refused(403, 'the control of the lab answers to programs on this machine only, not to web pages');
}

async function handled(parts: ControlParts, request: IncomingMessage): Promise<Said> {
  const asked = `${request.method} ${(request.url ?? '/').split('?')[0]}`;
  const route = Object.hasOwn(routes, asked) ? routes[asked] : undefined;
  if (route === undefined) return refused(404, `there is no ${asked}: there are ${Object.keys(routes).join(', ')}`);
  return route(parts, await bodyOf(request));
}

const mostBytes = 64 * 1024;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Error('the body is no JSON');
  }
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return z.prettifyError(thrown);
  return thrown instanceof Error ? thrown.message : String(thrown);
}
