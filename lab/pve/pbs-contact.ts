// PVE as a client of PBS: a real HTTPS connection with the storage's own credentials, and PVE's words when it fails.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { fingerprintOf } from '../certificate.ts';
import type { PveHost } from './host.ts';
import { died } from './refusal.ts';
import type { StorageEntry } from './state.ts';
import { passwordOf } from './storage-keys.ts';

export type PbsAddress = Readonly<{
  server: string;
  port: number;
  fingerprint: string | undefined;
  /** USER@REALM, or USER@REALM!TOKEN with the token's secret as password */
  username: string;
  password: string;
}>;

const patience = 7000;

export const addressOf = (host: PveHost, { storage, options }: StorageEntry): PbsAddress => ({
  server: String(options['server']),
  port: Number(options['port'] ?? 8007),
  fingerprint: options['fingerprint'] === undefined ? undefined : String(options['fingerprint']),
  username: String(options['username'] ?? 'root@pam'),
  password: passwordOf(host, storage) ?? '',
});

/** As POST /storage and a backup do it: log in, and look for the datastore in the list. */
export async function reachDatastore(host: PveHost, entry: StorageEntry): Promise<void> {
  const stores = await datastoresAt(addressOf(host, entry)).catch((thrown: unknown) => {
    throw died(`${entry.storage}: ${(thrown as Error).message}`);
  });
  const wanted = String(entry.options['datastore']);
  if (!stores.some(({ store }) => store === wanted))
    throw died(`${entry.storage}: Cannot find datastore '${wanted}', check permissions and existence!`);
}

export type SeenDatastore = Readonly<{ store: string; comment?: string }>;

/** Those that the login may see. What it throws says why it could not ask. */
export async function datastoresAt(address: PbsAddress): Promise<readonly SeenDatastore[]> {
  try {
    return (await askPbs(address, '/admin/datastore')) as readonly SeenDatastore[];
  } catch (thrown) {
    throw new Error(`error fetching datastores - ${(thrown as Error).message}`);
  }
}

type Form = Readonly<Record<string, string | number>>;

/** The `data` of a GET below /api2/json or, with a form, of a POST. */
export async function askPbs(address: PbsAddress, path: string, form?: Form): Promise<unknown> {
  const login = await loginAt(address);
  return form === undefined ? call(address, 'GET', path, login, '') : post(address, path, login, form);
}

type Headers = Readonly<Record<string, string>>;

async function loginAt(address: PbsAddress): Promise<Headers> {
  const { username, password } = address;
  if (username.includes('!')) return { authorization: `PBSAPIToken=${username}:${encodeURIComponent(password)}` };
  const made = (await post(address, '/access/ticket', {}, { username, password })) as Ticket;
  return {
    cookie: `PBSAuthCookie=${encodeURIComponent(made.ticket ?? '')}`,
    csrfpreventiontoken: made.CSRFPreventionToken ?? '',
  };
}

type Ticket = Readonly<{ ticket?: string; CSRFPreventionToken?: string }>;

function post(address: PbsAddress, path: string, login: Headers, form: Form): Promise<unknown> {
  const body = new URLSearchParams(
    Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
  return call(address, 'POST', path, { ...login, ...headers }, body);
}

async function call(
  address: PbsAddress,
  method: string,
  path: string,
  headers: Headers,
  body: string,
): Promise<unknown> {
  const signal = AbortSignal.timeout(patience);
  const at = `${address.server}:${address.port}`;
  const socket = await connected(address, signal).catch((thrown: unknown) => {
    throw new Error(`500 Can't connect to ${at} (${whyNot(thrown)})`);
  });
  try {
    const asked = request({ method, path: `/api2/json${path}`, headers, signal, createConnection: () => socket });
    asked.on('error', ignored);
    asked.end(body);
    const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    const said = Buffer.concat(chunks).toString('utf8');
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${answer.statusMessage || said}`);
    return (JSON.parse(said) as { data: unknown }).data;
  } catch (thrown) {
    if (signal.aborted) throw new Error('500 read timeout');
    throw thrown;
  } finally {
    socket.destroy();
  }
}

// Whoever waits is told by the wait; what comes after that has nobody to tell.
const ignored = () => undefined;

/** A certificate is either the pinned one or one that this machine trusts; nothing is sent before that is known. */
async function connected(address: PbsAddress, signal: AbortSignal): Promise<TLSSocket> {
  const { server: host, port, fingerprint } = address;
  const socket = connect({ host, port, rejectUnauthorized: false });
  socket.on('error', ignored);
  try {
    await once(socket, 'secureConnect', { signal });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
  const shown = fingerprintOf(socket.getPeerCertificate().raw);
  if (fingerprint === undefined ? socket.authorized : shown === fingerprint.toUpperCase()) return socket;
  socket.destroy();
  throw new Error('certificate verify failed');
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
};

function whyNot(thrown: unknown): string {
  const { code = '', name = '', message = '' } = thrown as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return 'Connection timed out';
  return words[code] ?? (message === 'certificate verify failed' ? message : 'SSL connect attempt failed');
}
