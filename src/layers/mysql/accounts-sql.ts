// Accounts as a text of SQL: what makes each of them, and what each may do. A mark that nobody can know before stands before every
// statement, since a name may hold anything, also what looks like a statement. Pure.
import * as z from 'zod';
import { account, identifier } from './sql.ts';

const one = z.strictObject({ user: z.string(), host: z.string(), role: z.boolean() });
export type Account = z.infer<typeof one>;

export const aboutAccounts = z.strictObject({ mark: z.string(), accounts: z.array(one) });
export type AboutAccounts = z.infer<typeof aboutAccounts>;

/** The server's own: it makes them itself, and locks them. */
const own = ['mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'PUBLIC'];
export const isOwn = ({ user }: Account): boolean => own.includes(user);

export const sameAccount = (one: Omit<Account, 'role'>, other: Omit<Account, 'role'>): boolean =>
  one.user === other.user && one.host === other.host;

/** As SQL names it; a role has no host. */
export const named = (one: Account): string => (one.role ? identifier(one.user) : account(one));

/** For people. */
export const spoken = ({ user, host, role }: Account): string => (role ? user : `${user}@${host}`);

export type Statements = Readonly<{
  create: readonly string[];
  grants: readonly string[];
  /** on a table, a routine: that must be there before */
  late: readonly string[];
}>;

/** SHOW GRANTS tells of the roles of an account, too: those lines are the roles' own. */
export const isFor = (statement: string, one: Account): boolean => {
  const bare = named(one);
  const quoted = bare.replace(/`((?:[^`]|``)*)`/g, (_, name: string) => `'${name.replaceAll('``', '`')}'`);
  return [bare, quoted].some((name) => {
    const at = statement.lastIndexOf(` TO ${name}`);
    const behind = at === -1 ? '-' : statement.slice(at + 4 + name.length);
    return behind === '' || behind.startsWith(' ');
  });
};

const onObject =
  /^GRANT .+ ON (?:(?:PROCEDURE|FUNCTION|PACKAGE(?: BODY)?) |(?:TABLE )?`(?:[^`]|``)*`\.`(?:[^`]|``)*` TO )/s;

export const textOf = (
  mark: string,
  about: readonly Readonly<{ create: string; grants: readonly string[] }>[],
): string =>
  [
    ...about.flatMap(({ create }, which) => [`-- ${mark} ${which}`, `${create};`]),
    ...about.flatMap(({ grants }, which) => grants.flatMap((grant) => [`-- ${mark} ${which}`, `${grant};`])),
    `-- ${mark} end`,
    '',
  ].join('\n');

/** What makes some of the accounts, and none of the others: those that are there have newer passwords than the dump. */
export function statementsFor(
  text: string,
  { mark, accounts }: AboutAccounts,
  missing: readonly Omit<Account, 'role'>[],
): Statements {
  const parts = text.split(`-- ${mark} `);
  const found = parts.flatMap((part) => {
    const [, which = '', statement = ''] = /^(\d+)\n(.*)\n$/s.exec(part) ?? [];
    const whose = which === '' ? undefined : accounts[Number(which)];
    return whose !== undefined && missing.some((one) => sameAccount(one, whose)) ? [statement] : [];
  });
  const isGrant = (statement: string) => statement.startsWith('GRANT ');
  return {
    create: found.filter((statement) => !isGrant(statement)),
    grants: found.filter((statement) => isGrant(statement) && !onObject.test(statement)),
    late: found.filter((statement) => onObject.test(statement)),
  };
}
