// Names and texts within SQL: quoted, they are nothing else, for the server and for its client. Every question is asked under the SQL
// mode NO_BACKSLASH_ESCAPES: only so does the client, too, take a backslash in a name for itself. Pure.
export const mode = `SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';`;

export const identifier = (name: string): string => `\`${plain(name).replaceAll('`', '``')}\``;

export const literal = (text: string): string => `'${plain(text).replaceAll("'", "''")}'`;

export const account = ({ user, host }: Readonly<{ user: string; host: string }>): string =>
  `${identifier(user)}@${identifier(host)}`;

/** `=` follows the collation of a column, for which `Shop` is `shop`. */
export const isExactly = (column: string, text: string): string =>
  `${column} = ${literal(text)} AND CAST(${column} AS BINARY) = CAST(${literal(text)} AS BINARY)`;

/** Of any number: a term for each would be asked one by one, for every row. */
export const isOneOf = (column: string, texts: readonly string[]): string =>
  texts.length === 0
    ? 'FALSE'
    : `CAST(${column} AS BINARY) IN (${texts.map((text) => `CAST(${literal(text)} AS BINARY)`).join(', ')})`;

function plain(text: string): string {
  if (!text.includes('\0')) return text;
  throw new Error('a name or text of MariaDB cannot hold NUL here');
}

const meanings: Readonly<Record<string, string>> = { n: '\n', t: '\t', '0': '\0', '\\': '\\' };

/** A line of an answer, as the client writes it with `--batch`. */
export const fieldsOf = (line: string): readonly string[] =>
  line.split('\t').map((field) => field.replace(/\\([nt0\\])/g, (_, mark: string) => meanings[mark] ?? mark));
