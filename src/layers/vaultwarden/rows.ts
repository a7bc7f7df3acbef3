// What the database says that there must be as a file: attachments, and sends that are files. By what tables and columns there are,
// since Vaultwarden's own migrations change them.
import * as z from 'zod';
import { type Asked as AskedOf, askSqlite, careful } from '../common/sqlite/shell.ts';

/** Tables whose rows are counted for the manifest and judged, where there are such. */
export const judgedTables = ['users', 'ciphers', 'attachments', 'organizations'] as const;
/** Without a user nobody logs in; without ciphers nobody has a password left. */
export const vitalTables: readonly string[] = ['users', 'ciphers'];

/** A file as the database knows it, below the data folder; `bytes` where it says how many. */
export type Row = Readonly<{ path: string; bytes: number | undefined }>;

const answer = z.union([
  z.strictObject({ column: z.string() }),
  z.strictObject({ file: z.string(), bytes: z.int().nullable() }),
]);

const pageSize = 4000;

const sources = [
  {
    table: 'attachments',
    columns: ['id', 'cipher_uuid', 'file_size'],
    files: `SELECT 'attachments/' || cipher_uuid || '/' || id AS file, CAST(file_size AS INTEGER) AS bytes FROM main.attachments`,
  },
  {
    // A send of type 1 is a file, and its JSON names it.
    table: 'sends',
    columns: ['uuid', 'atype', 'data'],
    files:
      `SELECT 'sends/' || uuid || '/' || json_extract(data, '$.id') AS file, NULL AS bytes FROM main.sends ` +
      `WHERE atype = 1 AND json_valid(data) AND json_extract(data, '$.id') IS NOT NULL`,
  },
] as const;

export type Rows = Readonly<{
  files: readonly Row[];
  /** in words: tables of which nobody here knows where their files are */
  unknown: readonly string[];
}>;

/**
 * @param database our own copy, which nobody else has open
 * @param tables that it has
 */
export async function filesInRows(database: AskedOf, tables: readonly string[]): Promise<Rows> {
  const files: Row[] = [];
  const unknown: string[] = [];
  for (const { table, columns, files: select } of sources) {
    if (!tables.includes(table)) continue;
    const asked = await answersTo(database, `SELECT json_object('column', name) FROM pragma_table_info('${table}');\n`);
    const known = asked.answers.flatMap((one) => ('column' in one ? [one.column] : []));
    const problem = columns.every((column) => known.includes(column))
      ? await page(database, select, files)
      : 'its columns are not those that are known';
    if (problem !== undefined) unknown.push(`whether each row of ${table} has its file is not known: ${problem}`);
  }
  return { files, unknown };
}

/** What a machine gives back at once is limited: so it is asked for page by page. */
async function page(database: AskedOf, select: string, files: Row[]): Promise<string | undefined> {
  for (let after = ''; ; ) {
    const { answers, problem } = await answersTo(
      database,
      `SELECT json_object('file', file, 'bytes', bytes) FROM (${select}) WHERE file > ${asText(after)} ORDER BY file LIMIT ${pageSize};\n`,
    );
    if (problem !== undefined) return problem;
    const rows = answers.flatMap((one) => ('file' in one ? [one] : []));
    for (const { file, bytes } of rows) files.push({ path: file, bytes: bytes ?? undefined });
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return undefined;
    after = last.file;
  }
}

async function answersTo(database: AskedOf, sql: string) {
  const { lines, problem } = await askSqlite(database, () => careful + sql);
  const answers = lines.flatMap((line) => {
    const parsed = answer.safeParse(line);
    return parsed.success ? [parsed.data] : [];
  });
  return { answers, problem: problem?.says };
}

const asText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
