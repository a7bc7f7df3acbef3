// What a login may do, read from what the server says of it (SHOW GRANTS). A dump without a right often ends well and is without
// what the right was for: only here is that seen. Pure.
type Granted = Readonly<{ privileges: ReadonlySet<string>; on: string; revoked: boolean }>;

const line = /^(GRANT|REVOKE) (.+?) ON (?:TABLE )?(\*\.\*|(?:`(?:[^`]|``)*`|\*)\.(?:\*|`(?:[^`]|``)*`)) (?:TO|FROM) /s;

/** Lists of columns are rights to those columns alone: they count for nothing here. */
const privilegesIn = (text: string): readonly string[] =>
  text
    .replace(/ ?\([^)]*\)/g, ' (')
    .split(',')
    .map((one) => one.trim().toUpperCase())
    .filter((one) => !one.endsWith('('));

export type Grants = readonly Granted[];

export const grantsIn = (lines: readonly string[]): Grants =>
  lines.flatMap((text) => {
    const [, how, privileges = '', on = ''] = line.exec(text) ?? [];
    return how === undefined ? [] : [{ privileges: new Set(privilegesIn(privileges)), on, revoked: how === 'REVOKE' }];
  });

/** The name of a database in a grant is a pattern, in which `\_` is no joker. */
function fits(on: string, database: string): boolean {
  if (on === '*.*') return true;
  if (!on.endsWith('.*')) return false;
  const pattern = on.slice(1, -3).replaceAll('``', '`');
  const source = pattern.replace(/\\([_%\\])|([_%])|[.*+?^${}()|[\]\\]/g, (all, escaped?: string, joker?: string) => {
    if (escaped !== undefined) return escaped === '\\' ? '\\\\' : escaped;
    if (joker !== undefined) return joker === '_' ? '.' : '.*';
    return `\\${all}`;
  });
  return new RegExp(`^${source}$`, 's').test(database);
}

/** The server knows more privileges than those that a database can have: `ALL` of a database is without them. */
export function may(grants: Grants, privilege: string, database?: string): boolean {
  const meant = grants.filter(({ on }) => (database === undefined ? on === '*.*' : fits(on, database)));
  const says = ({ privileges }: Granted) =>
    privileges.has(privilege) || privileges.has('ALL PRIVILEGES') || privileges.has('ALL');
  return meant.some((one) => !one.revoked && says(one)) && !meant.some((one) => one.revoked && says(one));
}

const mayReadTable = (grants: Grants, database: string, table: string): boolean =>
  may(grants, 'SELECT', database) ||
  grants.some(({ on, privileges }) => on === `\`${database}\`.\`${table}\`` && privileges.has('SELECT'));

/** Where a server keeps its routines differs, and so does what shows them. */
const mayReadRoutines = (grants: Grants, database: string, isMaria: boolean): boolean =>
  isMaria
    ? mayReadTable(grants, 'mysql', 'proc') || may(grants, 'SHOW CREATE ROUTINE', database)
    : may(grants, 'SELECT') || may(grants, 'SHOW_ROUTINE');

/** What a dump of this database may be without, though it ends well. */
export function weaknesses(grants: Grants, database: string, isMaria: boolean): readonly string[] {
  return [
    ...(may(grants, 'SELECT', database) ? [] : ['the login has not SELECT on all of it: tables may be missing']),
    ...(may(grants, 'TRIGGER', database) ? [] : ['the login has not TRIGGER on it: triggers are missing']),
    ...(mayReadRoutines(grants, database, isMaria)
      ? []
      : [
          `the login may not read routines (${isMaria ? 'SELECT on mysql.proc' : 'SHOW_ROUTINE'}): procedures and functions are missing`,
        ]),
  ];
}

const ofDatabases = [
  'ALL PRIVILEGES',
  'ALL',
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'DROP',
  'SHOW DATABASES',
];

/** Databases on which a login has no right are not shown to it. */
export const seesAll = (grants: Grants): boolean => ofDatabases.some((privilege) => may(grants, privilege));
