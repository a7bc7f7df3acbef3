// A lab in a folder of its own, asked with nothing but Node's https: no client of ours stands between a test and the wire.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, type LabOptions, startLab } from './lab.ts';

export type Raw = Readonly<{
  status: number;
  phrase: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** the body as JSON; undefined where it is none */
  json: Body;
}>;
type Body = { data?: unknown; errors?: Record<string, string>; message?: string; digest?: string; total?: number };

export type Form = Readonly<Record<string, string | number | readonly string[]>>;
export type Asking = Readonly<{
  /** goes into the query on GET and DELETE, else into a form body */
  form?: Form;
  /** a JSON body */
  json?: unknown;
  /** a body as it is, on whatever method */
  body?: string;
  type?: string;
  /** `user!token=SECRET`; null sends no login at all */
  login?: string | null;
  headers?: Readonly<Record<string, string>>;
}>;

/** `pihanga` and `pbs-taupo` are in the full lab only. */
export type ServerId = 'ruapehu' | 'pihanga' | 'hikurangi' | 'pbs-pihanga' | 'pbs-taupo';

export interface TestLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly dir: string;
  port(server: ServerId): number;
  secret(file: string): string;
  ask(server: ServerId, method: string, path: string, asking?: Asking): Promise<Raw>;
  log(): readonly LoggedLine[];
}
export type LoggedLine = Readonly<{
  time: string;
  server: string;
  method: string;
  path: string;
  params: Record<string, unknown>;
  status: number;
  user: string | null;
}>;

const isPbs = (server: ServerId): boolean => server.startsWith('pbs-');

export async function testLab(options: Omit<LabOptions, 'dir'> = {}): Promise<TestLab> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-lab-'));
  const lab = await startLab({ dir, ...options });
  const read = (file: string) => readFileSync(join(dir, file), 'utf8');
  const urlOf = (server: ServerId) => new URL(lab.servers[server]?.url ?? '');
  const secret = (file: string) => read(file).trim();
  const agents = new Map<string, Agent>();
  const agentOf = (server: ServerId) => {
    const agent = agents.get(server) ?? new Agent({ ca: read(`${server}.pem`), keepAlive: false });
    agents.set(server, agent);
    return agent;
  };
  return {
    lab,
    dir,
    secret,
    port: (server) => Number(urlOf(server).port),
    ask: (server, method, path, asking = {}) => {
      const separator = isPbs(server) ? ':' : '=';
      const login =
        asking.login === undefined
          ? `${isPbs(server) ? 'holdfast@pbs!ops' : 'holdfast@pve!ops'}${separator}${secret(`${server}.token`)}`
          : asking.login;
      const scheme = isPbs(server) ? 'PBSAPIToken' : 'PVEAPIToken';
      return send(urlOf(server), agentOf(server), method, path, {
        ...asking,
        headers: { ...(login === null ? {} : { authorization: `${scheme}=${login}` }), ...asking.headers },
      });
    },
    log: () =>
      read('requests.ndjson')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    [Symbol.asyncDispose]: async () => {
      for (const agent of agents.values()) agent.destroy();
      await lab.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function formText(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [String(value)]).map((one): [string, string] => [name, one]),
  );
  return new URLSearchParams(pairs).toString();
}

function send(url: URL, agent: Agent, method: string, path: string, asking: Asking): Promise<Raw> {
  const inQuery = method === 'GET' || method === 'DELETE';
  const form = asking.form === undefined ? undefined : formText(asking.form);
  const query = inQuery && form !== undefined ? `?${form}` : '';
  const body = asking.body ?? (asking.json === undefined ? (inQuery ? undefined : form) : JSON.stringify(asking.json));
  const type = asking.type ?? (asking.json === undefined ? 'application/x-www-form-urlencoded' : 'application/json');
  const { promise, resolve, reject } = Promise.withResolvers<Raw>();
  const outgoing = request(
    {
      host: url.hostname,
      port: url.port,
      agent,
      method,
      path: `/api2/json${path}${query}`,
      headers: {
        ...asking.headers,
        ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
      },
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut short')));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          phrase: response.statusMessage ?? '',
          headers: response.headers,
          text,
          json: parsed(text),
        });
      });
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}
