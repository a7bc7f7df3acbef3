// What the server says there is in a database, to hold against its dump: a tool that ends well may still have left something out.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { count, shown } from '../../values/text.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import type { Scanned } from './scan.ts';
import { isExactly, literal } from './sql.ts';

const kinds = ['views', 'triggers', 'routines', 'events'] as const;
const amount = z.coerce.number().int().nonnegative();
const rows = z.array(
  z.union([
    z.tuple([z.literal('table'), z.string(), z.string()]),
    z.tuple([z.enum(kinds), amount]),
    z.tuple([z.literal('made'), z.string(), z.string()]),
  ]),
);

export type Witness = Readonly<{
  /** the engine of each table */
  tables: ReadonlyMap<string, string>;
  counts: Readonly<Record<(typeof kinds)[number], number>>;
  charset: string;
  collation: string;
}>;

const sqlFor = (schema: string): string => {
  const counted = (kind: string, view: string, column: string) =>
    `SELECT ${literal(kind)}, COUNT(*) FROM information_schema.${view} WHERE ${isExactly(column, schema)};`;
  return [
    `SELECT 'table', TABLE_NAME, COALESCE(ENGINE, '') FROM information_schema.TABLES
      WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ${isExactly('TABLE_SCHEMA', schema)};`,
    counted('views', 'VIEWS', 'TABLE_SCHEMA'),
    counted('triggers', 'TRIGGERS', 'TRIGGER_SCHEMA'),
    counted('routines', 'ROUTINES', 'ROUTINE_SCHEMA'),
    counted('events', 'EVENTS', 'EVENT_SCHEMA'),
    `SELECT 'made', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA
      WHERE ${isExactly('SCHEMA_NAME', schema)};`,
  ].join('\n');
};

export async function witnessOf(
  connection: Connection,
  schema: string,
  context: Pick<StepContext, 'signal'>,
): Promise<Witness> {
  const found = rows.parse(await ask(connection, sqlFor(schema), context, schema));
  const tables = new Map<string, string>();
  const counts = { views: 0, triggers: 0, routines: 0, events: 0 };
  let [charset, collation] = ['', ''];
  for (const row of found) {
    if (row[0] === 'table') tables.set(row[1], row[2]);
    else if (row[0] === 'made') [, charset, collation] = row;
    else counts[row[0]] = row[1];
  }
  return { tables, counts, charset, collation };
}

/** What was there before and after, and is not in the dump. What came or went meanwhile is no fault of it. */
export function lostIn(dump: Scanned, before: Witness, after: Witness): readonly string[] {
  const tables = [...before.tables.keys()].filter((one) => after.tables.has(one) && !Object.hasOwn(dump.tables, one));
  return [
    ...tables.slice(0, 20).map((one) => `the table ${shown(one)}`),
    ...(tables.length > 20 ? [`${tables.length - 20} more tables`] : []),
    ...kinds.flatMap((kind) => {
      const missing = Math.min(before.counts[kind], after.counts[kind]) - dump[kind];
      return missing > 0 ? [count(missing, kind.slice(0, -1))] : [];
    }),
  ];
}

/** Tables of these engines have rows that lie elsewhere, and a dump does not have them. */
const elsewhere = /^(?:MRG_|FEDERATED|CONNECT$|SPIDER$|OQGRAPH$|VP$|S3$)/i;

export const holdsRows = (engine: string | undefined): boolean => engine === undefined || !elsewhere.test(engine);
