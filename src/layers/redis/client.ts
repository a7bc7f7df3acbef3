// Questions to a server, through redis-cli. Its password goes by standard input to a shell that gives it to this one child:
// arguments can be read by everybody on that machine, and the environment of a process by its own account and root alone.
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { cut } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import type { RedisEntry, RedisServer } from './schema.ts';

export type Client = Readonly<{
  machine: Machine;
  entry: Pick<RedisEntry, 'server' | 'name'>;
  password: string | undefined;
}>;

/** Whom the password is for. */
const audience = 'redis';

export const whereOf = ({ host = '127.0.0.1', port, socket }: RedisServer): string => socket ?? `${host}:${port}`;

export async function clientOf(entry: RedisEntry, world: World): Promise<Client> {
  const { password } = entry.server;
  const secret = password && (await world.secret(password, audience)).revealTo(audience);
  return { machine: world.machine(entry.machine), entry, password: secret };
}

/** With the login that may ask and save: of a restore. */
export const forRestore = ({ server, restore_as, ...entry }: RedisEntry): RedisEntry => ({
  ...entry,
  restore_as,
  server: restore_as === undefined ? server : { ...server, ...restore_as },
});

const withPassword = 'REDISCLI_AUTH=$(cat) && export REDISCLI_AUTH && exec "$@"';

export function argvOf(
  { entry: { server }, password }: Pick<Client, 'entry' | 'password'>,
  words: readonly string[],
): Argv {
  const { host = '127.0.0.1', port, socket, user, tls } = server;
  const where = socket === undefined ? ['-h', host, '-p', String(port)] : ['-s', socket];
  const files = { '--cacert': tls?.ca, '--cert': tls?.cert, '--key': tls?.key, '--sni': tls?.name };
  const secured =
    tls === undefined
      ? []
      : ['--tls', ...Object.entries(files).flatMap(([word, path]) => (path === undefined ? [] : [word, path]))];
  const login = user === undefined ? [] : ['--user', user];
  const argv = ['redis-cli', ...where, ...secured, ...login, '--no-auth-warning', ...words] as const;
  return password === undefined ? argv : ['sh', '-c', withPassword, 'sh', ...argv];
}

/** Messages in English, whatever the machine speaks: faults are told apart by them. */
export const optionsOf = ({ password }: Pick<Client, 'password'>, signal: AbortSignal): RunOptions => ({
  signal,
  env: { LC_ALL: 'C.UTF-8' },
  ...(password === undefined ? {} : { input: password }),
});

/**
 * redis-cli ends with 0 whatever the server answers, and goes on as the user `default` where a login was refused: an answer
 * counts only where it has the form of what was asked for.
 */
export async function ask(
  client: Client,
  words: readonly [string, ...string[]],
  form: RegExp,
  { signal }: Readonly<{ signal: AbortSignal }>,
): Promise<RegExpExecArray> {
  const ended = await client.machine.run(argvOf(client, words), { ...optionsOf(client, signal), deadline: minutes(2) });
  const found = form.exec(ended.stdout.replaceAll('\r', ''));
  if (ended.exitCode === 0 && found !== null && !/AUTH failed/.test(ended.stderr)) return found;
  throw faultOf(client, words[0], { ...ended, stderr: `${ended.stderr}\n${cut(ended.stdout, 300)}` });
}

type Known = Readonly<{ says: RegExp; code: string; remedy: string }>;

const kinds: readonly Known[] = [
  {
    says: /WRONGPASS|NOAUTH|AUTH failed|invalid (username|password)|without any password configured/i,
    code: 'database-login-refused',
    remedy: 'see `user` and `password` of the layer, and `ACL LIST` of the server',
  },
  {
    says: /NOPERM|no permissions|unknown command|protected mode/i,
    code: 'dump-not-allowed',
    remedy:
      'grant the user what the page of the layer names: +ping +sync +psync +replconf +info, and more for `bgsave`',
  },
  {
    says: /Could not connect|Connection (refused|reset)|Server closed|timed out|I\/O error|Error reading|LOADING|NOMASTERLINK|MASTERDOWN|SSL_connect|Name or service/i,
    code: 'database-unreachable',
    remedy:
      'see whether the server runs and has loaded its data, and whether `server` is what redis-cli on that machine needs',
  },
];

const unknown = { code: 'dump-failed', remedy: 'see the words, and the log of the server' };

/** What redis-cli and the server say, as a fault with a name. */
export function faultOf({ entry }: Pick<Client, 'entry'>, asked: string, ended: Ended): Fault {
  const words = lastWords(ended);
  const { code, remedy } = kinds.find((one) => one.says.test(words)) ?? unknown;
  return new Fault(code, { where: `${entry.name}: ${whereOf(entry.server)}`, says: `${asked}: ${words}`, remedy });
}
