// What is known of the content of one point: the rows of the tables that matter, as the judge of dumps takes them. Pure.
import type { Taken } from '../common/dumps/taken.ts';
import { partNames } from '../common/trees/parts.ts';
import type { Gathered } from './gather.ts';
import { database } from './names.ts';
import { judgedTables } from './rows.ts';

/** Rows of the tables that matter, of those that this version of Vaultwarden has. */
export function rowsIn({ copied }: Pick<Gathered, 'copied'>): Readonly<Record<string, number>> {
  const rows = copied?.checked?.rows ?? {};
  return Object.fromEntries(judgedTables.flatMap((table) => (table in rows ? [[table, rows[table] ?? 0]] : [])));
}

/** The database as a whole, then what is in it: each of them may go to zero, or to half. */
export function itemsIn(gathered: Gathered): readonly Taken[] {
  const { copied, size, sha256 } = gathered;
  if (copied === undefined) return [];
  const rows = Object.values(copied.checked?.rows ?? {});
  const schema = copied.checked?.facts?.schema;
  const lies = { part: partNames.contents, compress: 'none', sha256 } as const;
  const whole: Taken = {
    ...lies,
    ...{ name: database, form: 'sqlite3', bytes: size, content: sha256 },
    counts: rows.length === 0 ? {} : { tables: rows.length, filled: rows.filter((number) => number > 0).length },
    ...(schema === undefined ? {} : { schema }),
  };
  const tables = Object.entries(rowsIn(gathered)).map(
    ([name, number]): Taken => ({ ...lies, name, form: 'table', bytes: 0, counts: { rows: number } }),
  );
  return [whole, ...tables];
}
