// What a token may do, and why one was refused. A vault says `permission denied` to a token that has ended and to one whose policy lacks
// a line: whoever reads it at night must know which.
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import { seconds } from '../../values/duration.ts';
import type { Secret } from '../../values/secret.ts';
import { formatTimeSpan } from '../../values/time-span.ts';
import { type Server, say } from './asking.ts';

export const paths = { take: 'sys/storage/raft/snapshot', force: 'sys/storage/raft/snapshot-force' } as const;

export const policyLine = (path: string, capability: 'read' | 'update'): string =>
  `path "${path}" { capabilities = ["${capability}"] }`;

export type Rights = Readonly<{
  take: boolean;
  restore: boolean;
  force: boolean;
  everything: boolean;
}>;

const capabilities = z.looseObject({ [paths.take]: z.array(z.string()), [paths.force]: z.array(z.string()) });

/** Undefined where it may not even ask; policy `default` lets every token. */
export async function rightsOf(server: Server, token: Secret): Promise<Rights | undefined> {
  const { value } = await say(server, '/v1/sys/capabilities-self', { token, body: { paths: Object.values(paths) } });
  const parsed = capabilities.safeParse(value);
  if (!parsed.success) return undefined;
  const may = (path: string, capability: string) =>
    (parsed.data[path] as readonly string[]).some((one) => one === capability || one === 'root');
  return {
    take: may(paths.take, 'read'),
    restore: may(paths.take, 'update'),
    force: may(paths.force, 'update'),
    everything: may(paths.take, 'root'),
  };
}

const tokenSchema = z.looseObject({
  data: z.looseObject({ ttl: z.number(), policies: z.array(z.string()).nullish() }),
});

type Token = Readonly<{ ttl: number }> | 'not valid' | 'not told';

async function tokenOf(server: Server, token: Secret): Promise<Token> {
  const { status, value } = await say(server, '/v1/auth/token/lookup-self', { token });
  if (status === 403) return 'not valid';
  const parsed = tokenSchema.safeParse(value);
  return parsed.success ? { ttl: parsed.data.data.ttl } : 'not told';
}

const longest = 24 * 3600;

/** What is too much for a token that lies in a file all year, in words. */
export async function warningsOn(
  server: Server,
  token: Secret,
  rights: Rights | undefined,
): Promise<readonly string[]> {
  const known = await tokenOf(server, token);
  const ttl = typeof known === 'object' ? known.ttl : undefined;
  return [
    ...(rights?.everything === true
      ? ['the token is one of root, which may do everything: one that reads snapshots is enough']
      : []),
    ...(rights?.everything !== true && (rights?.restore === true || rights?.force === true)
      ? ['the token may put snapshots back as well: give that right to one of its own (`restore_as`)']
      : []),
    ...(ttl === 0
      ? ['the token never ends: one that a login makes for each run, for some minutes, opens nothing when it is lost']
      : []),
    ...(ttl !== undefined && ttl > longest
      ? [`the token is valid for ${formatTimeSpan(seconds(ttl))} more: some minutes are enough for a run`]
      : []),
  ];
}

/** Why it was refused, by what else it may do. */
export async function refusedFault(server: Server, token: Secret, line: string, words: string): Promise<Fault> {
  const known = await tokenOf(server, token);
  const where = `${server.name} (${server.node.url})`;
  if (typeof known === 'object')
    return new Fault('dump-not-allowed', {
      where,
      says: `the server says: ${words}; the token is valid, and its policy is without: ${line}`,
      remedy: `add that line to its policy (\`vault policy write holdfast -\`): ${line}`,
    });
  return new Fault('database-login-refused', {
    where,
    says: `the server says: ${words}; the token (${token.name}) is not valid any more, or its policy has neither \`default\` nor: ${line}`,
    remedy: 'make a new token with that policy, or let `token` be a command that logs in anew for each run',
  });
}
