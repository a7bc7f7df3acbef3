// One question to one server of a vault. A token goes with it only where the question needs one, and only to an address that the
// estate names.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { ApplianceLogin, Line } from '../../proxmox/appliance.ts';
import type { Secret } from '../../values/secret.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { cut, shown } from '../../values/text.ts';
import type { VaultNode } from './schema.ts';

export type Watched = Pick<StepContext, 'world' | 'signal'>;

/** A line to one server; whoever opened it closes it. */
export type Server = Readonly<{ name: string; node: VaultNode; line: Line; signal: AbortSignal }>;

// undici is loaded when it is needed, as for every other API.
const port = () => import('../../proxmox/appliance.ts');

export async function withServer<Result>(
  name: string,
  node: VaultNode,
  watched: Watched,
  work: (server: Server) => Promise<Result>,
): Promise<Result> {
  const server = await serverAt(name, node, watched);
  try {
    return await work(server);
  } finally {
    await server.line.close();
  }
}

export async function serverAt(name: string, node: VaultNode, { world, signal }: Watched): Promise<Server> {
  const { lineTo } = await port();
  const { url, fingerprint } = node;
  const trust = url.startsWith('http:') ? 'loopback' : fingerprint === undefined ? 'ca' : { fingerprint };
  return { name, node, line: lineTo({ name, url, trust, clock: world.clock }), signal };
}

export async function tokenFor(node: VaultNode, token: SecretReference, { world }: Watched): Promise<Secret> {
  const { audienceOf } = await port();
  return world.secret(token, audienceOf(node));
}

export const loginWith = (secret: Secret): ApplianceLogin => ({ header: 'x-vault-token', before: '', secret });

export type Said = Readonly<{ status: number; value: unknown; text: string }>;

const largest = 1024 * 1024;

/** A question whose answer is small. */
export async function say(
  { name, line, signal }: Server,
  path: string,
  { token, body }: Readonly<{ token?: Secret; body?: object }> = {},
): Promise<Said> {
  const { textOf } = await port();
  const answer = await line.ask({
    ...{ method: body === undefined ? 'GET' : 'POST', path, signal },
    ...(token === undefined ? {} : { login: loginWith(token) }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return said(answer.status, await textOf(answer, name, largest));
}

export async function wordsOf(name: string, answer: Awaited<ReturnType<Line['ask']>>): Promise<Said> {
  const { textOf } = await port();
  return said(answer.status, await textOf(answer, name, largest));
}

function said(status: number, text: string): Said {
  try {
    return { status, value: JSON.parse(text), text: errorsIn(JSON.parse(text)) ?? cut(shown(text), 300) };
  } catch {
    return { status, value: undefined, text: cut(shown(text), 300) };
  }
}

const errors = z.object({ errors: z.array(z.string()).min(1) });

function errorsIn(value: unknown): string | undefined {
  const parsed = errors.safeParse(value);
  return parsed.success ? cut(shown(parsed.data.errors.join('; ').replace(/\s+/g, ' ').trim()), 600) : undefined;
}
