// Who may run a routine. The server forgets it with the routine, so it is written down before a database is dropped, in the mark of its
// replacement: whoever finishes or leads back finds it there, and gives it again.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { account, identifier, isExactly } from './sql.ts';

const columns = 'Host, User, Routine_name, Routine_type, Proc_priv';
const right = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.enum(['FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY']),
  z.string().regex(/^[A-Za-z ,]*$/),
]);

/** @returns what is weaker than promised, in words */
export async function writeDown(
  connection: Connection,
  name: string,
  mark: string,
  context: StepContext,
): Promise<readonly string[]> {
  const sql = `CREATE TABLE ${identifier(mark)}.rights AS SELECT ${columns} FROM mysql.procs_priv WHERE ${isExactly('Db', name)};`;
  try {
    await ask(connection, sql, context, name);
    return [];
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'dump-not-allowed') throw error;
    return [`the login may not see who may run the routines of ${shown(name)}: those rights are lost (${error.says})`];
  }
}

export async function giveAgain(
  connection: Connection,
  name: string,
  mark: string,
  context: StepContext,
): Promise<readonly string[]> {
  const there = `SELECT COUNT(*) FROM information_schema.TABLES WHERE ${isExactly('TABLE_SCHEMA', mark)};`;
  if ((await ask(connection, there, context, mark))[0]?.[0] !== '1') return [];
  const rows = await ask(connection, `SELECT ${columns} FROM ${identifier(mark)}.rights;`, context, mark);
  const lost: string[] = [];
  for (const [host, user, routine, type, privileges] of z.array(right).parse(rows)) {
    const each = privileges.split(',').filter((one) => one !== '' && one !== 'Grant');
    const whose = host === '' ? identifier(user) : account({ user, host });
    const granting = privileges.split(',').includes('Grant') ? ' WITH GRANT OPTION' : '';
    const what = `${each.length === 0 ? 'USAGE' : each.join(', ')} ON ${type} ${identifier(name)}.${identifier(routine)}`;
    try {
      await ask(connection, `GRANT ${what} TO ${whose}${granting};`, context, name);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof Fault) || error.code !== 'statement-refused') throw error;
      lost.push(`${shown(`${user}@${host}`)} had ${shown(what)}, and cannot have it now: ${error.says}`);
    }
  }
  return lost;
}
