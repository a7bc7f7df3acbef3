// All accounts and roles, as the server itself says they are made, with what it keeps of their passwords.
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Taking } from '../common/dumps/dump.ts';
import { asGiven } from '../common/given.ts';
import { type AboutAccounts, type Account, isFor, isOwn, named, spoken, textOf } from './accounts-sql.ts';
import { ask, type Rows } from './ask.ts';
import type { Connection } from './connection.ts';
import { accountsItem, type Version } from './inventory.ts';
import { identifier, literal } from './sql.ts';

const account = z.tuple([z.string(), z.string(), z.enum(['Y', 'N'])]);

export async function accountsOn(
  connection: Connection,
  isMaria: boolean,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly Account[]> {
  const sql = `SELECT User, Host, ${isMaria ? 'is_role' : "'N'"} FROM mysql.user ORDER BY 3 DESC, 1, 2;`;
  const found = z.array(account).parse(await ask(connection, sql, context, accountsItem));
  return found.map(([user, host, role]) => ({ user, host, role: role === 'Y' }));
}

/** Without it what MySQL keeps of a password is bytes of any kind, which no text can hold. */
const asHex = (isMaria: boolean): string => (isMaria ? '' : 'SET SESSION print_identified_with_as_hex = 1;');

export async function takeAccounts(
  connection: Connection,
  { isMaria, text: version }: Version,
  seesAll: boolean,
  context: Pick<StepContext, 'signal'>,
): Promise<Taking> {
  const mark = `holdfast-${randomBytes(12).toString('hex')}`;
  const accounts = (await accountsOn(connection, isMaria, context)).filter((one) => !isOwn(one));
  const questions = accounts.flatMap((one, which) => [
    `SELECT ${literal(mark)}, '${which}';`,
    ...(one.role ? [] : [`SHOW CREATE USER ${named(one)};`]),
    `SHOW GRANTS FOR ${named(one)};`,
  ]);
  const rows = await ask(connection, [asHex(isMaria), ...questions].join('\n'), context, accountsItem);
  const each = accounts.map((one, which) => madeOf(one, answersTo(rows, mark, which)));
  const text = Buffer.from(`-- Accounts of ${version}\n${textOf(mark, each)}`);
  const about: AboutAccounts = { mark, accounts: [...accounts] };
  return {
    dump: (async function* () {
      yield text;
    })(),
    facts: async () => ({
      counts: { accounts: accounts.length },
      about: asGiven(about),
      degraded: seesAll
        ? []
        : ['the login may see some databases only: others are not dumped, and nobody can name them'],
    }),
    close: async () => {},
  };
}

function answersTo(rows: Rows, mark: string, which: number): readonly string[] {
  const from = rows.findIndex(([first, second]) => first === mark && second === String(which));
  const to = rows.findIndex(([first], at) => at > from && first === mark);
  return rows.slice(from + 1, to === -1 ? undefined : to).map(([line = '']) => line);
}

function madeOf(one: Account, lines: readonly string[]): Readonly<{ create: string; grants: readonly string[] }> {
  const create = one.role
    ? `CREATE ROLE ${identifier(one.user)}`
    : lines.find((line) => line.startsWith('CREATE USER '));
  if (create === undefined)
    throw new Fault('dump-incomplete', {
      where: accountsItem,
      says: `the server does not say how ${spoken(one)} was made`,
      remedy: 'MariaDB 10.2 and MySQL 5.7 are the first that do; see what the login may read',
    });
  return { create, grants: lines.filter((line) => line.startsWith('GRANT ') && isFor(line, one)) };
}
