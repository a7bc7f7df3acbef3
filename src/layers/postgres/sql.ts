// Names and texts within SQL: quoted, they are nothing else, for the server and for psql. Pure.
/** A name in double quotes (4.1.1 of the manual). */
export const identifier = (name: string): string => `"${plain(name).replaceAll('"', '""')}"`;

/** A text in single quotes; escapes mean the same whatever `standard_conforming_strings` says. */
export const literal = (text: string): string => ` E'${plain(text).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function plain(text: string): string {
  if (!text.includes('\0')) return text;
  throw new Error('a name or text of PostgreSQL cannot hold NUL');
}
