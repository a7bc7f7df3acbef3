// Questions to a member, through etcdctl. A password goes by standard input to a shell that gives it to this one child: arguments can
// be read by everybody on that machine, and the environment of a process by its own account and root alone.
import type * as z from 'zod';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { cut, shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import type { EtcdEntry } from './schema.ts';

export type Client = Readonly<{
  machine: Machine;
  entry: Pick<EtcdEntry, 'server' | 'name'>;
  password: string | undefined;
}>;

/** Whom the password is for. */
const audience = 'etcd';

export async function clientOf(entry: EtcdEntry, world: World): Promise<Client> {
  const { password } = entry.server;
  const secret = password && (await world.secret(password, audience)).revealTo(audience);
  return { machine: world.machine(entry.machine), entry, password: secret };
}

/** `user:password` is what every version reads from its environment. */
const withLogin = 'ETCDCTL_USER=$(cat) && export ETCDCTL_USER && exec "$@"';

export function argvOf(
  { entry: { server }, password }: Pick<Client, 'entry' | 'password'>,
  words: readonly string[],
): Argv {
  const { url, ca, cert, key } = server;
  const files = { '--cacert': ca, '--cert': cert, '--key': key };
  const secured = Object.entries(files).flatMap(([word, path]) => (path === undefined ? [] : [`${word}=${path}`]));
  const argv = ['etcdctl', `--endpoints=${url}`, ...secured, ...words] as const;
  return password === undefined ? argv : ['sh', '-c', withLogin, 'sh', ...argv];
}

/** Without the word etcdctl before 3.4 speaks to a store of another kind, which nobody has any more. */
export const environment = { LC_ALL: 'C.UTF-8', ETCDCTL_API: '3' } as const;

export const optionsOf = (
  { entry, password }: Pick<Client, 'entry' | 'password'>,
  signal: AbortSignal,
): RunOptions => ({
  signal,
  env: environment,
  ...(password === undefined ? {} : { input: `${entry.server.user}:${password}` }),
});

/** @returns what it answers in JSON. Names of members and clusters are numbers beyond what JSON.parse keeps: nobody reads them */
export async function ask<Answer>(
  client: Client,
  words: readonly string[],
  schema: z.ZodType<Answer>,
  { signal }: Readonly<{ signal: AbortSignal }>,
): Promise<Answer> {
  const argv = argvOf(client, [...words, '--write-out=json']);
  const ended = await client.machine.run(argv, { ...optionsOf(client, signal), deadline: minutes(2) });
  const asked = words.slice(0, 2).join(' ');
  if (ended.exitCode !== 0) throw faultOf(client, asked, ended);
  return answerIn(schema, ended.stdout, `${client.entry.name}: ${client.entry.server.url}`, asked);
}

export function answerIn<Answer>(schema: z.ZodType<Answer>, text: string, where: string, asked: string): Answer {
  const parsed = schema.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  throw new Fault('dump-failed', {
    where,
    says: `${asked}: the answer is not what etcd answers: ${cut(shown(text.trim()), 300)}`,
    remedy: 'see which program it is that answers to that name on the machine, and run it by hand',
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Known = Readonly<{ says: RegExp; code: string; remedy: string }>;

const kinds: readonly Known[] = [
  {
    says: /authentication failed|user name is empty|invalid auth token|invalid user ID/i,
    code: 'database-login-refused',
    remedy: 'see `user` and `password` of the layer',
  },
  {
    says: /permission denied/i,
    code: 'dump-not-allowed',
    remedy: 'a snapshot is given to the role `root` alone, whatever else a user may read',
  },
  {
    says: /deadline exceeded|connection refused|no leader|timed out|transport|unavailable|EOF|server stopped|unhealthy|connection error/i,
    code: 'database-unreachable',
    remedy:
      'see whether the member runs, and whether `url`, `ca`, `cert` and `key` are what etcdctl on that machine needs',
  },
  {
    says: /no space left|disk quota exceeded/i,
    code: 'no-room',
    remedy: 'give `staging` a folder with room for one snapshot',
  },
  {
    says: /integrity check failed|expected sha256|database corrupt|invalid database|checksum/i,
    code: 'dump-damaged',
    remedy: 'see the log of the member and the disk and memory of its machine; keep the older points',
  },
];

const unknown = { code: 'dump-failed', remedy: 'see the words, and the log of the member' };

/** What etcdctl says, as a fault with a name. It logs on the same side that it speaks on; what counts begins with `Error`. */
export function faultOf({ entry }: Pick<Client, 'entry'>, asked: string, ended: Ended): Fault {
  const errors = `${ended.stderr}\n${ended.stdout}`
    .split('\n')
    .filter((line) => /^Error|Failed to|is unhealthy/.test(line));
  const words = errors.length === 0 ? lastWords(ended) : cut(shown(errors.join('; ')), 600);
  const { code, remedy } = kinds.find((one) => one.says.test(words)) ?? unknown;
  return new Fault(code, { where: `${entry.name}: ${entry.server.url}`, says: `${asked}: ${words}`, remedy });
}
