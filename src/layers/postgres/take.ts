// The dump of one database, and of all roles. What is counted is counted in the snapshot that is dumped: it is what the dump holds.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Item, ItemFacts, Taking } from '../common/dumps/dump.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import { split } from '../common/records.ts';
import { aboutSql } from './about.ts';
import { argvOf, type Connection, faultOf, optionsOf } from './connection.ts';
import { type Counts, countSql, countsOf } from './counts.ts';
import { ask, converse } from './psql.ts';

type Watched = Pick<StepContext, 'signal'>;

/** How long it waits for somebody's lock on a table: another night's dump is better than a queue behind this one. */
const waits = '--lock-wait-timeout=300s';

const exported = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off;
SELECT to_json(pg_export_snapshot());`;

export async function takeDatabase(connection: Connection, item: Item, { signal }: Watched): Promise<Taking> {
  const { name } = item;
  const session = await converse(connection, name, signal);
  try {
    const [snapshot] = z.tuple([z.string()]).parse(await session.ask(exported));
    const [about] = z.tuple([z.json()]).parse(await session.ask(aboutSql));
    const shared = [`--snapshot=${snapshot}`, waits];
    // Packed on its way by us, with all processors' help, or by pg_dump itself.
    const format = ['--format=custom', `--compress=${item.packed === true ? 6 : 0}`];
    const dumping = argvOf(connection, 'pg_dump', name, [...format, ...shared]);
    const options = optionsOf(connection, signal);
    const failed = (ended: Parameters<typeof faultOf>[3]) => faultOf(connection, name, 'pg_dump', ended);
    const counts = session.ask(countSql);
    counts.catch(() => {});
    return {
      dump: begunWith(wholly(connection.machine, dumping, options, failed), 'PGDMP', name),
      facts: async (): Promise<ItemFacts> => {
        const schema = await schemaDigest(connection, name, shared, signal);
        return { ...factsOf(countsOf(await counts)), schema, about };
      },
      close: session.close,
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function factsOf({ tables, largeObjects }: Counts): ItemFacts {
  const rows = Object.values(tables);
  const filled = rows.filter((number) => number > 0).length;
  const sum = rows.reduce((all, number) => all + number, 0);
  const objects = largeObjects === 0 ? {} : { large_objects: largeObjects };
  return { counts: { rows: sum, tables: rows.length, filled, ...objects }, tables };
}

/** Since 15.14 there is a random word in it, which psql is to be told again at its end (`\restrict`): it is no part of the schema. */
async function schemaDigest(
  connection: Connection,
  name: string,
  shared: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const argv = argvOf(connection, 'pg_dump', name, ['--schema-only', ...shared]);
  const failed = (ended: Parameters<typeof faultOf>[3]) => faultOf(connection, name, 'pg_dump', ended);
  const hash = createHash('sha256');
  for await (const line of split(wholly(connection.machine, argv, optionsOf(connection, signal), failed), 10)) {
    if (/^\\(un)?restrict /.test(line.toString('latin1', 0, 12))) continue;
    hash.update(line).update('\n');
  }
  return hash.digest('hex');
}

const lastLine = '-- PostgreSQL database cluster dump complete';

/** All roles and tablespaces with what belongs to them; with their passwords, where the login may see them. */
export async function takeRoles(
  connection: Connection,
  database: string,
  superuser: boolean,
  { signal }: Watched,
): Promise<Taking> {
  const options = ['--globals-only', `--database=${database}`, ...(superuser ? [] : ['--no-role-passwords'])];
  const argv = argvOf(connection, 'pg_dumpall', database, options);
  const failed = (ended: Parameters<typeof faultOf>[3]) => faultOf(connection, 'roles', 'pg_dumpall', ended);
  const names = z.array(z.string()).parse(await ask(connection, database, roleNames, { signal }));
  let tail = '';
  const dump = async function* () {
    for await (const chunk of wholly(connection.machine, argv, optionsOf(connection, signal), failed)) {
      tail = `${tail}${Buffer.from(chunk.subarray(-300)).toString('latin1')}`.slice(-300);
      yield chunk;
    }
  };
  return {
    dump: dump(),
    facts: async () => {
      if (!tail.includes(lastLine)) throw cutShort('roles', 'its last line');
      const degraded = superuser ? [] : ['without passwords, which only a superuser may read'];
      return { counts: { roles: names.length }, about: [...names], degraded };
    },
    close: async () => {},
  };
}

const roleNames = `SELECT to_json(rolname::text) FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname;`;

/** The first bytes of an archive say what it is. */
async function* begunWith(dump: AsyncIterable<Uint8Array>, first: string, name: string): AsyncGenerator<Uint8Array> {
  let seen = '';
  for await (const chunk of dump) {
    if (seen.length < first.length) seen += Buffer.from(chunk.subarray(0, first.length)).toString('latin1');
    yield chunk;
  }
  if (!seen.startsWith(first)) throw cutShort(name, `\`${first}\` at its beginning`);
}

const cutShort = (name: string, without: string): Fault =>
  new Fault('dump-cut-short', {
    where: name,
    says: `the dump ended well and is without ${without}`,
    remedy: 'see which program it is that answers to that name on the machine, and run it by hand',
  });
