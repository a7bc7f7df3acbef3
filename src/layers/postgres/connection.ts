// How the tools of PostgreSQL are started for a server: from which folder, as whom, with which login.
import { join } from 'node:path';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { keptForNow, type Owner } from '../common/dumps/credentials.ts';
import type { PostgresEntry, PostgresServer } from './schema.ts';

export type Connection = Readonly<{
  machine: Machine;
  entry: Pick<PostgresEntry, 'server' | 'as' | 'name'>;
  /** of the programs; undefined: as the machine finds them */
  programs: string | undefined;
  /** the file of the password */
  passfile: string | undefined;
}>;

type Program = 'psql' | 'pg_dump' | 'pg_dumpall' | 'pg_restore';

/** Whom the password is for. */
export const audience = 'postgres';

/** A password file, as libpq reads it (33.16 of its manual): `:` and `\` are escaped. */
const passText = (password: string): string => `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`;

export type Connecting = Owner & Readonly<{ world: World }>;

export async function connect(entry: PostgresEntry, context: Connecting): Promise<Connection> {
  const { world } = context;
  const machine = world.machine(entry.machine);
  const { password } = entry.server;
  if (password === undefined) return { machine, entry, programs: entry.programs, passfile: undefined };
  const secret = (await world.secret(password, audience)).revealTo(audience);
  const passfile = await keptForNow(machine, 'pgpass', passText(secret), context);
  return { machine, entry, programs: entry.programs, passfile };
}

/** A name is data: within quotes of a connection string it is nothing else (33.1.1 of the manual of libpq). */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export function connectionText(server: PostgresServer, database: string): string {
  const { host, port, user, tls, ca } = server;
  const words = { host, port: String(port), user, dbname: database, sslmode: tls, sslrootcert: ca };
  return Object.entries({ ...words, connect_timeout: '20', application_name: 'holdfast' })
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word}=${quoted(value)}`]))
    .join(' ');
}

export function argvOf(
  { entry, programs }: Pick<Connection, 'entry' | 'programs'>,
  program: Program,
  database: string,
  options: readonly string[],
): Argv {
  const found = programs === undefined ? program : join(programs, program);
  const words = [found, ...options, '--no-password', `--dbname=${connectionText(entry.server, database)}`] as const;
  return entry.as === undefined ? words : ['runuser', '-u', entry.as, '--', ...words];
}

/** Messages in English, whatever the machine speaks: faults are told apart by them. */
export const optionsOf = ({ passfile }: Pick<Connection, 'passfile'>, signal: AbortSignal): RunOptions => ({
  signal,
  env: { LC_ALL: 'C.UTF-8', ...(passfile === undefined ? {} : { PGPASSFILE: passfile }) },
});

type Known = Readonly<{ says: RegExp; code: string; remedy: string }>;

const kinds: readonly Known[] = [
  {
    says: /could not connect|connection to server .* failed|server closed the connection|the database system is (starting|shutting)|terminating connection|could not translate host/i,
    code: 'database-unreachable',
    remedy: 'see whether the server runs, and whether `server` is what its tools on that machine need',
  },
  {
    says: /permission denied|must be superuser|row-level security|query would be affected/i,
    code: 'dump-not-allowed',
    remedy:
      'grant the role what a dump needs: CONNECT, pg_read_all_data, BYPASSRLS where row security is used, and SELECT ON LARGE OBJECT where there are such',
  },
  {
    says: /server version mismatch|aborting because of server version/i,
    code: 'dump-tool-too-old',
    remedy: 'install the client of the version of the server (postgresql-client-N), or give its folder as `programs`',
  },
  {
    says: /invalid page|could not read block|missing chunk number|invalid memory alloc|checksum|unexpected chunk/i,
    code: 'database-damaged',
    remedy: 'this database has lost data: keep its older points, and see the log of the server and its disk',
  },
];

const unknown = { code: 'dump-failed', remedy: 'see the words, and the log of the server' };

const loginRefused =
  /password authentication failed|no password supplied|peer authentication failed|no pg_hba.conf entry|role ".*" does not exist/i;

/** What the tool says, as a fault with a name. */
export function faultOf({ entry }: Pick<Connection, 'entry'>, database: string, program: string, ended: Ended): Fault {
  const words = lastWords(ended);
  const where = `${entry.name}: ${shown(database)}`;
  const says = `${program}: ${words}`;
  if (loginRefused.test(words))
    return new Fault('database-login-refused', {
      ...{ where, says },
      remedy: 'see `user` and `password` (or `as`) of the layer, and pg_hba.conf of the server',
    });
  const { code, remedy } = kinds.find((one) => one.says.test(words)) ?? unknown;
  return new Fault(code, { where, says, remedy });
}

/** With the login that may change something: of a restore. */
export function forRestore(entry: PostgresEntry): PostgresEntry {
  const { restore_as } = entry;
  if (restore_as === undefined) return entry;
  const { password, ...server } = entry.server;
  const own = restore_as.password === undefined ? {} : { password: restore_as.password };
  return { ...entry, server: { ...server, user: restore_as.user, ...own } };
}
