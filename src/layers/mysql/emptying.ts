// A database becomes an empty one of its name: dropped as a whole, and made anew.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { alterSql, createSql, drop } from './restoring.ts';
import { leave } from './sessions.ts';
import { isExactly } from './sql.ts';

/** @returns what is weaker than it was, in words */
export async function emptied(
  connection: Connection,
  name: string,
  about: Json | undefined,
  context: StepContext,
): Promise<readonly string[]> {
  await leave(connection, name, context);
  try {
    await drop(connection, name, context);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'database-not-empty') throw error;
    if (!(await holdsNothing(connection, name, context))) throw error;
    // MariaDB 10.11 leaves the files of a FULLTEXT index where it is killed while it drops one, and then drops all but the folder.
    await ask(connection, alterSql(name, about), context, name);
    return [
      `${shown(name)}: files that its server does not know lie in its folder, so that nobody can drop it: ${error.says}`,
    ];
  }
  await ask(connection, createSql(name, about), context, name);
  return [];
}

async function holdsNothing(connection: Connection, name: string, context: StepContext): Promise<boolean> {
  const counted = ['TABLES.TABLE_SCHEMA', 'ROUTINES.ROUTINE_SCHEMA', 'EVENTS.EVENT_SCHEMA'].map((column) => {
    const [view] = column.split('.');
    return `(SELECT COUNT(*) FROM information_schema.${view} WHERE ${isExactly(column, name)})`;
  });
  const [row] = await ask(connection, `SELECT ${counted.join(' + ')};`, context, name);
  return row?.[0] === '0';
}
