// The real Pushgateway of Debian, on a free port of this machine; it dies with the test.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

export const withoutGateway =
  spawnSync('prometheus-pushgateway', ['--version']).error === undefined
    ? false
    : 'prometheus-pushgateway is not installed';

export type Gateway = Readonly<{
  url: string;
  port: number;
  /** what it would show Prometheus */
  shows(): Promise<string>;
  /** as another script does it */
  post(path: string, body: string): Promise<Response>;
  stop(): Promise<void>;
}>;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export async function startGateway(port?: number): Promise<Gateway> {
  const at = port ?? (await freePort());
  const options = [`--web.listen-address=127.0.0.1:${at}`, '--log.level=error'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'prometheus-pushgateway', ...options], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = `http://127.0.0.1:${at}`;
  const over = AbortSignal.timeout(20_000);
  for (;;) {
    over.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`the Pushgateway ended with ${child.exitCode}`);
    if (await answers(`${url}/-/ready`)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    port: at,
    shows: async () => (await fetch(`${url}/metrics`)).text(),
    post: (path, body) => fetch(`${url}${path}`, { method: 'POST', body }),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
};
