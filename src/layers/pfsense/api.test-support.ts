// A firewall's REST API over TLS on loopback: its certificate is its own, and what it answers is up to whoever starts it.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Answer = (
  headers: IncomingHttpHeaders,
  path: string,
  body: string,
) => readonly [status: number, value: unknown];

export type FirewallApi = Readonly<{ url: string; fingerprint: string; token: string; close(): void }>;

/** @returns `token`: the file that holds the key `key-canary` */
export async function startApi(answer: Answer): Promise<FirewallApi> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-api-'));
  const own = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const files = ['-keyout', 'key', '-out', 'cert', '-subj', '/CN=edge'];
  execFileSync('openssl', ['req', ...own, ...files], { cwd: folder, stdio: 'ignore' });
  const [key = Buffer.of(), cert = Buffer.of()] = ['key', 'cert'].map((name) => readFileSync(join(folder, name)));
  const token = join(folder, 'token');
  writeFileSync(token, 'key-canary', { mode: 0o600 });
  const server = createServer({ key, cert }, async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const [status, value] = answer(request.headers, request.url ?? '', body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    fingerprint: new X509Certificate(cert).fingerprint256,
    token,
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Both versions of the package, which run what they are asked to and say what came of it, for whoever has the key.
 * @param run runs a line of the firewall's shell
 */
export const commandPrompt =
  (run: (line: string) => Readonly<{ status: number; says: string }>): Answer =>
  (headers, path, body) => {
    const asked = JSON.parse(body) as Readonly<{ command?: string; shell_cmd?: string }>;
    if (path === '/api/v2/diagnostics/command_prompt' && headers['x-api-key'] === 'key-canary') {
      const { status, says } = run(asked.command ?? '');
      return [200, { code: 200, status: 'ok', data: { output: says, result_code: status } }];
    }
    if (path === '/api/v1/diagnostics/command_prompt' && headers.authorization === 'abcd key-canary')
      return [200, { status: 'ok', data: { cmd_output: run(asked.shell_cmd ?? '').says } }];
    return [401, { code: 401, message: 'Authentication failed' }];
  };
