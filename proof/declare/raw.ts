// Plain HTTPS to a server of the lab with a token, as curl would: what the server itself says.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.ts';

export type Said = Readonly<{ status: number; data: unknown }>;
type Asking = Readonly<{ method?: string; path: string; form?: Readonly<Record<string, string>>; token?: string }>;

/** @param asking `token` is `ID=SECRET`; the lab's own login without */
export function asked(world: World, server: string, { method = 'GET', path, form, token }: Asking): Promise<Said> {
  const isPbs = server.startsWith('pbs-');
  const own = readFileSync(join(world.folder, `${server}.token`), 'utf8').trim();
  const [id, secret] = token?.split('=') ?? [isPbs ? 'holdfast@pbs!ops' : 'holdfast@pve!ops', own];
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  const sent = request(
    `${world.at(server).url}/api2/json${path}`,
    {
      ...{ method, ca: readFileSync(join(world.folder, `${server}.pem`)), servername: 'localhost' },
      headers: {
        authorization: isPbs ? `PBSAPIToken=${id}:${secret}` : `PVEAPIToken=${id}=${secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const data = text.startsWith('{') ? (JSON.parse(text) as { data: unknown }).data : undefined;
        resolve({ status: answer.statusCode ?? 0, data });
      });
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** A backup by the server's own call, followed to its end: how it ended, and its log. */
export async function backedUp(world: World, node: string, form: Readonly<Record<string, string>>): Promise<string> {
  const { data } = await asked(world, node, { method: 'POST', path: `/nodes/${node}/vzdump`, form });
  const task = `/nodes/${node}/tasks/${encodeURIComponent(String(data))}`;
  for (;;) {
    const { status, exitstatus } = (await asked(world, node, { path: `${task}/status` })).data as Record<
      string,
      string
    >;
    if (status !== 'stopped') {
      await pause(20);
      continue;
    }
    const lines = (await asked(world, node, { path: `${task}/log?limit=0` })).data as readonly { t: string }[];
    return [exitstatus, ...lines.map(({ t }) => t)].join('\n');
  }
}
