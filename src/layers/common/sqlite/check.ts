// What SQLite itself says of a database: whether it is sound, and what is in it.
import * as z from 'zod';
import { count, cut, shown } from '../../../values/text.ts';
import { type Asked, askSqlite, careful, type Problem } from './shell.ts';

const amount = z.int().nonnegative();
const factsSchema = z.strictObject({
  page_size: amount,
  pages: amount,
  free_pages: amount,
  journal_mode: z.string(),
  encoding: z.string(),
  user_version: z.int(),
  application_id: z.int(),
  /** SHA3-256 of everything that was ever said with CREATE */
  schema: z.string(),
});
export type Facts = z.infer<typeof factsSchema>;

export type Checked = Readonly<{
  /** `unknown`: it could not be asked to the end, which is no answer about the database */
  sound: 'yes' | 'no' | 'unknown';
  /** what `PRAGMA integrity_check` says, or why it could not; `ok` where it is sound */
  says: string;
  facts: Facts | undefined;
  /** rows that point to none, of `PRAGMA foreign_key_check`: the application's business, so a remark */
  dangling: number | undefined;
  /** rows of each table; undefined where they were not counted */
  rows: Readonly<Record<string, number>> | undefined;
}>;

const answer = z.union([
  z.strictObject({ integrity: z.string() }),
  z.strictObject({ facts: factsSchema }),
  z.strictObject({ table: z.string() }),
  z.strictObject({ dangling: amount }),
  z.strictObject({ rows: z.tuple([z.string(), amount]) }),
]);
type Answer = z.infer<typeof answer>;

/** A database that is opened for reading only has no CHECK constraints (build.c), so what they would call is not called. */
export const integrityScript = `SELECT json_object('integrity', integrity_check) FROM pragma_integrity_check(20);\n`;

const factsScript = `
SELECT json_object('facts', json_object('page_size', page_size, 'pages', page_count, 'free_pages', freelist_count,
  'journal_mode', journal_mode, 'encoding', encoding, 'user_version', user_version, 'application_id', application_id,
  'schema', lower(hex(sha3_query('SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY 1, 2, 3, 4', 256)))))
FROM pragma_page_size, pragma_page_count, pragma_freelist_count, pragma_journal_mode, pragma_encoding, pragma_user_version,
  pragma_application_id;
SELECT json_object('table', name) FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name LIMIT 1001;
SELECT json_object('dangling', count(*)) FROM pragma_foreign_key_check;
`;

/** More tables than that are counted by nobody who reads the result. */
const mostTables = 1000;

export async function checkDatabase(asked: Asked, how: { rows: boolean }): Promise<Checked> {
  const first = await askSqlite(asked, () => integrityScript + (how.rows ? careful + factsScript : ''));
  const answers = answersIn(first.lines);
  const verdict = verdictOf(answers, first.problem);
  const facts = answers.find((one) => 'facts' in one)?.facts;
  const dangling = answers.find((one) => 'dangling' in one)?.dangling;
  const tables = answers.flatMap((one) => ('table' in one ? [one.table] : []));
  const counted = how.rows && verdict.sound === 'yes' && tables.length <= mostTables;
  return { ...verdict, facts, dangling, rows: counted ? await rowsOf(asked, tables) : undefined };
}

const answersIn = (lines: readonly unknown[]): readonly Answer[] =>
  lines.flatMap((line) => {
    const parsed = answer.safeParse(line);
    return parsed.success ? [parsed.data] : [];
  });

/** Silence is no `ok`: a check that was cut short must not pass for one that found nothing. */
function verdictOf(answers: readonly Answer[], problem: Problem | undefined): Pick<Checked, 'sound' | 'says'> {
  const says = answers.flatMap((one) => ('integrity' in one ? [one.integrity] : []));
  if (says.length === 1 && says[0] === 'ok') return { sound: 'yes', says: 'ok' };
  if (says.length > 0) return { sound: 'no', says: wordsOf(says) };
  if (problem === undefined) return { sound: 'unknown', says: 'sqlite3 gave no answer to the check' };
  const damaged = problem.is === 'damaged' || problem.is === 'no database';
  return { sound: damaged ? 'no' : 'unknown', says: problem.says };
}

function wordsOf(says: readonly string[]): string {
  const lines = says.flatMap((one) => one.split('\n'));
  const first = lines.slice(0, 3).map((line) => cut(shown(line), 120));
  return lines.length > 3 ? `${first.join('; ')}; and ${count(lines.length - 3, 'more')}` : first.join('; ');
}

/** A name that the shell cannot hand back as it is (no UTF-8) is a table that is not counted. */
async function rowsOf(asked: Asked, tables: readonly string[]): Promise<Checked['rows']> {
  const script = tables
    .map((name) => `SELECT json_object('rows', json_array(${asText(name)}, count(*))) FROM main.${asName(name)};\n`)
    .join('');
  const { lines } = await askSqlite(asked, () => careful + script);
  return Object.fromEntries(answersIn(lines).flatMap((one) => ('rows' in one ? [one.rows] : [])));
}

const asName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const asText = (name: string): string => `'${name.replaceAll("'", "''")}'`;
