// How the tools of MariaDB and MySQL are started for a server: as whom, with which login.
import { dirname } from 'node:path';
import type { World } from '../../contracts/world.ts';
import type { Argv, Machine, RunOptions } from '../../machines/machine.ts';
import { keptForNow, type Owner } from '../common/dumps/credentials.ts';
import { loginOf, type MysqlEntry } from './schema.ts';
import { type Tool, toolFor } from './tools.ts';

export type Connection = Readonly<{
  machine: Machine;
  entry: Pick<MysqlEntry, 'server' | 'as' | 'name'>;
  client: Tool;
  /** the file of the password */
  optionFile: string | undefined;
}>;

/** Whom the password is for. */
export const audience = 'mysql';

/** An option file, as the tools read it: within quotes only these escapes mean something. */
export const optionText = (password: string): string =>
  `[client]\npassword="${password
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')}"\n`;

export type Connecting = Owner & Readonly<{ world: World; signal: AbortSignal }>;

export async function connect(entry: MysqlEntry, context: Connecting): Promise<Connection> {
  const { world, signal } = context;
  const machine = world.machine(entry.machine);
  const client = await toolFor(machine, 'client', entry.programs, signal);
  const { password } = entry.server;
  if (password === undefined) return { machine, entry, client, optionFile: undefined };
  const secret = (await world.secret(password, audience)).revealTo(audience);
  return { machine, entry, client, optionFile: await keptForNow(machine, 'my.cnf', optionText(secret), context) };
}

function serverWords({ server }: Connection['entry'], { knows }: Tool): readonly string[] {
  const { host, port, tls, ca } = server;
  const place =
    host === undefined
      ? []
      : host.startsWith('/')
        ? ['--protocol=socket', `--socket=${host}`]
        : ['--protocol=tcp', `--host=${host}`, `--port=${port}`];
  // Both say it in their own way: MySQL by `ssl-mode`, MariaDB by two switches.
  const verify = knows.has('ssl-mode') ? ['--ssl-mode=VERIFY_IDENTITY'] : ['--ssl', '--ssl-verify-server-cert'];
  const plain = knows.has('ssl-mode') ? ['--ssl-mode=DISABLED'] : ['--skip-ssl'];
  const secured = tls === undefined ? [] : tls === 'verify' ? verify : plain;
  return [...place, ...secured, ...(ca === undefined ? [] : [`--ssl-ca=${ca}`])];
}

export function argvOf(
  { entry, optionFile }: Pick<Connection, 'entry' | 'optionFile'>,
  tool: Tool,
  options: readonly string[],
): Argv {
  // An option file is read only as the first option.
  const file = optionFile === undefined ? [] : [`--defaults-extra-file=${optionFile}`];
  const login = [`--user=${loginOf(entry)}`, '--default-character-set=utf8mb4'];
  const words = [tool.path, ...file, ...serverWords(entry, tool), ...login, ...options] as const;
  return entry.as === undefined ? words : ['runuser', '-u', entry.as, '--', ...words];
}

/** `~/.my.cnf` is read after our file, and a password in it would be taken for ours: with one of our own there is no home. */
export const optionsOf = ({ optionFile }: Pick<Connection, 'optionFile'>, signal: AbortSignal): RunOptions => ({
  signal,
  env: { LC_ALL: 'C.UTF-8', ...(optionFile === undefined ? {} : { HOME: dirname(optionFile) }) },
});

/** With the login that may change something: of a restore. */
export function forRestore(entry: MysqlEntry): MysqlEntry {
  const { restore_as } = entry;
  if (restore_as === undefined) return entry;
  const { password, ...server } = entry.server;
  const own = restore_as.password === undefined ? {} : { password: restore_as.password };
  return { ...entry, server: { ...server, user: restore_as.user, ...own } };
}
