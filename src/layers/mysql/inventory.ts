// What there is on a server of MariaDB or MySQL, as it says itself: its databases, and what the login may do.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import type { Item, Looked } from '../common/dumps/dump.ts';
import { isLike } from '../common/dumps/pattern.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { type Grants, grantsIn, may, seesAll } from './grants.ts';
import { loginOf, type MysqlEntry } from './schema.ts';

export const accountsItem = 'all-accounts';

const amount = z.coerce.number().nonnegative();
const serverRow = z.tuple([z.literal('server'), z.string(), z.string()]);
const schemaRow = z.tuple([z.literal('schema'), z.string(), amount]);
const rows = z.tuple([serverRow]).rest(schemaRow);

/** Their sizes in one look at all tables; by bytes, since `Shop` and `shop` are two databases and equal to the server's comparison. */
const sql = `SELECT 'server', VERSION(), @@hostname;
SELECT 'schema', SCHEMA_NAME, COALESCE(size, 0) FROM information_schema.SCHEMATA LEFT JOIN
  (SELECT CAST(TABLE_SCHEMA AS BINARY) AS name, SUM(DATA_LENGTH) AS size FROM information_schema.TABLES GROUP BY 1) AS sizes
  ON name = CAST(SCHEMA_NAME AS BINARY) ORDER BY 2;`;

/** Its own: what is in `mysql` and belongs to an operator are the accounts. A folder that a file system made is no database. */
const own = ['information_schema', 'performance_schema', 'sys', 'mysql', '#mysql50#lost+found'];

export type Version = Readonly<{ text: string; isMaria: boolean; numbers: readonly [number, number] }>;

/** `10.11.19-MariaDB-0+deb12u1`, `8.0.36`; before 11 some send `5.5.5-` before it, which old clients want */
export function versionIn(text: string): Version {
  const [, major, minor, patch] = /^(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  const isMaria = /maria/i.test(text);
  return {
    text: `${isMaria ? 'MariaDB' : 'MySQL'} ${[major, minor, patch].filter((one) => one !== undefined).join('.')}`,
    isMaria,
    numbers: [Number(major ?? 0), Number(minor ?? 0)],
  };
}

export type Server = Readonly<{ version: Version; grants: Grants; looked: Looked }>;

export async function inventory(
  connection: Connection,
  entry: MysqlEntry,
  context: Pick<StepContext, 'signal'>,
): Promise<Server> {
  const [[, version, hostname], ...found] = rows.parse(await ask(connection, sql, context));
  const grants = await grantsOf(connection, context);
  const seen = versionIn(version);
  return {
    ...{ version: seen, grants },
    looked: {
      server: { version: seen.text, host: hostname },
      ...itemsOf(
        entry,
        found.map(([, name, bytes]) => ({ name, bytes })),
      ),
      warnings: warningsOn(entry, grants),
    },
  };
}

const grantsOf = async (connection: Connection, context: Pick<StepContext, 'signal'>): Promise<Grants> =>
  grantsIn((await ask(connection, 'SHOW GRANTS;', context)).map(([line = '']) => line));

/** @throws Fault `database-missing` where one that is named is not there */
function itemsOf(
  { databases: named, exclude = [], name }: MysqlEntry,
  all: readonly Readonly<{ name: string; bytes: number }>[],
): Pick<Looked, 'items' | 'excluded'> {
  const found = all.filter((one) => !own.includes(one.name.toLowerCase()));
  const gone = (named ?? []).filter((one) => !found.some((database) => database.name === one));
  if (gone.length > 0)
    throw new Fault('database-missing', {
      where: name,
      says: `the server has no database ${gone.map(shown).join(', ')}, or does not show it to this login`,
      remedy: 'see whether it is the right server; a database that was given up is taken out of `databases`',
    });
  const meant: readonly Item[] = [
    { name: accountsItem, form: 'accounts.sql' },
    ...found
      .filter((one) => named === undefined || named.includes(one.name))
      .map((one): Item => ({ name: one.name, form: 'sql', bytes: Math.round(one.bytes) })),
  ];
  const ruleFor = (one: Item) => exclude.find(({ database }) => isLike(database, one.name));
  return {
    items: meant.filter((one) => ruleFor(one) === undefined),
    excluded: meant.flatMap((one) => {
      const rule = ruleFor(one);
      return rule === undefined ? [] : [{ name: one.name, because: rule.reason }];
    }),
  };
}

function warningsOn(entry: MysqlEntry, grants: Grants): readonly string[] {
  const login = loginOf(entry);
  const destroys = ['DROP', 'DELETE', 'SUPER', 'FILE'].filter((one) => may(grants, one));
  return [
    ...(destroys.length > 0 && login !== 'root' && login !== entry.as
      ? [`the login ${shown(login)} has ${destroys.join(', ')}: for dumps a login is enough that can destroy nothing`]
      : []),
    ...(seesAll(grants) || entry.databases !== undefined
      ? []
      : [`the login ${shown(login)} sees only databases that it has a right to: one that is new would not be dumped`]),
  ];
}
