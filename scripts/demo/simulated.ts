// The simulated servers of the demo: started as an operator starts them, watched through their request log, and changed past
// Holdfast through their control.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { holdfast } from './teller.ts';

export type Server = Readonly<{ url: string; fingerprint: string }>;

export type Simulated = Readonly<{
  folder: string;
  server(name: string): Server;
  /** how many requests so far were more than a question */
  writes(): number;
  /** somebody changes something by hand */
  change(what: object): Promise<void>;
  /** a PBS or PVE host shows another certificate from now on */
  renewCertificate(server: string): Promise<void>;
  /** something goes wrong on the host with the volumes, until `mend` */
  breaks(fault: string, object: string): Promise<void>;
  mend(): Promise<void>;
  /** of the certificate a server shows, read without Holdfast */
  fingerprintShownBy(server: string): Promise<string>;
  stop(): Promise<void>;
}>;

export async function simulated(folder: string): Promise<Simulated> {
  const child = await startedLab(folder);
  const { control, servers } = JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')) as {
    control: string;
    servers: Readonly<Record<string, Server>>;
  };
  const tell = async (method: string, path: string, body: object): Promise<void> => {
    // Each on a connection of its own: between two of them this process waits for commands, and would miss that one was closed.
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const answer = await fetch(`${control}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the lab refused ${method} ${path}: ${await answer.text()}`);
  };
  const server: Simulated['server'] = (name) => {
    const found = servers[name];
    if (found === undefined) throw new Error(`the lab has no server ${name}`);
    return found;
  };
  return {
    ...{ folder, server },
    writes: () =>
      readFileSync(join(folder, 'requests.ndjson'), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && JSON.parse(line).method !== 'GET').length,
    change: (what) => tell('POST', '/change', what),
    renewCertificate: (name) => tell('PUT', '/faults', { server: name, name: 'certificate-changed' }),
    breaks: (name, object) => tell('PUT', '/faults', { server: 'tongariro', name, object }),
    mend: () => tell('DELETE', '/faults', {}),
    fingerprintShownBy: (name) => fingerprintAt(new URL(server(name).url)),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function startedLab(folder: string): Promise<ChildProcess> {
  mkdirSync(folder);
  const ready = Promise.withResolvers<void>();
  const watching = watch(folder, (_, name) => {
    if (name === 'lab.json') ready.resolve();
  });
  const child = spawn(holdfast, ['lab', '--dir', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr?.on('data', (chunk) => {
    words += chunk;
  });
  const gone = once(child, 'close').then(() => Promise.reject(new Error(`the lab did not start: ${words}`)));
  try {
    await Promise.race([ready.promise, gone]);
  } finally {
    watching.close();
  }
  gone.catch(() => {});
  return child;
}

/** Nothing is sent: the certificate alone is looked at, and whose it is is what the demo wants to know. */
async function fingerprintAt({ hostname, port }: URL): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
