// What there is on a PostgreSQL server, as it says itself: its databases, and what the role that asks may do.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { count, shown } from '../../values/text.ts';
import type { Item, Looked } from '../common/dumps/dump.ts';
import { isLike } from '../common/dumps/pattern.ts';
import type { Connection } from './connection.ts';
import { ask } from './psql.ts';
import type { PostgresEntry } from './schema.ts';

export const rolesItem = 'all-roles';

const server = z.object({
  version: z.string(),
  number: z.int(),
  identifier: z.string(),
  superuser: z.boolean(),
  reads_all: z.boolean(),
  bypasses_rls: z.boolean(),
  recovery: z.boolean(),
});
const database = z.object({
  name: z.string(),
  bytes: z.int().nonnegative(),
  connects: z.boolean(),
  allowed: z.boolean(),
});

const aboutServer = `SELECT json_build_object('version', current_setting('server_version'), 'number', current_setting('server_version_num')::int,
  'identifier', (SELECT system_identifier::text FROM pg_control_system()), 'superuser', rolsuper,
  'reads_all', CASE WHEN current_setting('server_version_num')::int >= 140000 THEN pg_has_role(oid, 'pg_read_all_data', 'USAGE') ELSE false END,
  'bypasses_rls', rolsuper OR rolbypassrls, 'recovery', pg_is_in_recovery()) FROM pg_roles WHERE rolname = current_user;`;

/** template0 accepts nobody, and holds nothing. template1 is what new databases begin as: what somebody put there is wanted. */
const aboutDatabases = `SELECT json_build_object('name', datname, 'connects', datallowconn, 'allowed', has_database_privilege(oid, 'CONNECT'),
  'bytes', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END)
  FROM pg_database WHERE datname <> 'template0' ORDER BY datname;`;

export type Server = Readonly<{ major: number; superuser: boolean; looked: Looked }>;

export async function inventory(
  connection: Connection,
  entry: PostgresEntry,
  context: Pick<StepContext, 'signal'>,
): Promise<Server> {
  const { database: asked } = entry.server;
  const [first, ...others] = await ask(connection, asked, `${aboutServer}\n${aboutDatabases}`, context);
  const [about, found] = [server.parse(first), z.array(database).parse(others)];
  const { items, excluded } = itemsOf(entry, found);
  const { superuser } = about;
  return {
    ...{ major: Math.floor(about.number / 10_000), superuser },
    looked: {
      server: { version: `PostgreSQL ${about.version}`, identifier: about.identifier, standby: about.recovery },
      items,
      excluded,
      warnings: warningsOn(entry, about, found),
    },
  };
}

type Found = readonly z.infer<typeof database>[];

/** @throws Fault `database-missing` where one that is named is not there */
function itemsOf(
  { databases: named, exclude = [], compress, name }: PostgresEntry,
  found: Found,
): Pick<Looked, 'items' | 'excluded'> {
  const gone = (named ?? []).filter((one) => !found.some((database) => database.name === one));
  if (gone.length > 0)
    throw new Fault('database-missing', {
      where: name,
      says: `the server has no database ${gone.map(shown).join(', ')}`,
      remedy: 'see whether it is the right server; a database that was given up is taken out of `databases`',
    });
  const meant = found.filter((one) => (named === undefined ? one.connects : named.includes(one.name)));
  const ruleFor = (one: string) => exclude.find(({ database }) => isLike(database, one));
  const packed = compress === 'gzip' ? ({ packed: true } as const) : {};
  const dumped = meant
    .filter((one) => ruleFor(one.name) === undefined)
    .map((one): Item => ({ name: one.name, form: 'dump', bytes: one.bytes, ...packed }));
  return {
    items: [{ name: rolesItem, form: 'sql' }, ...dumped],
    excluded: meant.flatMap((one) => {
      const rule = ruleFor(one.name);
      return rule === undefined ? [] : [{ name: one.name, because: rule.reason }];
    }),
  };
}

function warningsOn(
  { server: { user } }: PostgresEntry,
  about: z.infer<typeof server>,
  found: Found,
): readonly string[] {
  const closed = found.filter(({ connects, name }) => !connects && name !== 'template1').length;
  return [
    ...(about.superuser && user !== 'postgres'
      ? [`the role ${shown(user)} may do everything: for dumps pg_read_all_data is enough, and can destroy nothing`]
      : []),
    ...(about.superuser || about.reads_all
      ? []
      : [`the role ${shown(user)} has not pg_read_all_data: a table that is new may be one that it may not read`]),
    ...(about.superuser || about.bypasses_rls
      ? []
      : [`the role ${shown(user)} has not BYPASSRLS: a database with row security cannot be dumped by it`]),
    ...(closed === 0 ? [] : [`${count(closed, 'database')} that accepts nobody cannot be dumped`]),
  ];
}
