// The rows of each table, as the server counts them.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Connection } from './connection.ts';
import { ask } from './psql.ts';

/**
 * Each table as its own question, written by the server itself, so that no name of it is ever read as anything else. What extensions
 * bring is made by them, and is theirs.
 */
export const countSql = `SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;', format('%I.%I', nspname, relname), nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind = 'r' AND relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
  ORDER BY nspname, relname
\\gexec
SELECT json_build_object('large_objects', (SELECT count(*) FROM pg_largeobject_metadata));`;

const counted = z.array(
  z.union([z.tuple([z.string(), z.int().nonnegative()]), z.object({ large_objects: z.int().nonnegative() })]),
);

export type Counts = Readonly<{ tables: Readonly<Record<string, number>>; largeObjects: number }>;

export function countsOf(answers: readonly unknown[]): Counts {
  const tables: Record<string, number> = {};
  let largeObjects = 0;
  for (const one of counted.parse(answers)) {
    if ('large_objects' in one) largeObjects = one.large_objects;
    else tables[one[0]] = one[1];
  }
  return { tables, largeObjects };
}

export const countsIn = async (
  connection: Connection,
  database: string,
  context: Pick<StepContext, 'signal'>,
): Promise<Counts> => countsOf(await ask(connection, database, countSql, context));
