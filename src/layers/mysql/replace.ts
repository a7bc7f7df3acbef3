// The step `mysql.replace`: the content of a database is that of the dump. There is no rename for a database here, and of its tables one by
// one only without their triggers; views, routines and events have none at all. So it is dropped and loaded anew, from the dump of
// which a copy has just been loaded and counted. What leads back is the dump that was taken before.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { emptied } from './emptying.ts';
import { compare, load } from './loading.ts';
import { type Database, settledName } from './restore-given.ts';
import {
  createSql,
  drop,
  givenIn,
  namesThere,
  observePoint,
  placedIn,
  release,
  restoringIn,
  undoing,
} from './restoring.ts';
import { giveAgain, writeDown } from './routine-rights.ts';
import { safetySource } from './safety.ts';
import { leave } from './sessions.ts';
import { identifier } from './sql.ts';

export const replaceKind: StepKind = {
  name: 'mysql.replace',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { database, replacing, replaced } = placedIn(given, context);
    const { name, there, taken } = database;
    const connection = await restoringIn(given, context);
    if ((await namesThere(connection, [name], context)).has(name) !== there) throw otherwise(name, there);
    context.take('mark of what is being replaced', replacing);
    await ask(connection, `CREATE DATABASE ${identifier(replacing)};`, context, replacing);
    const unseen = there ? await writeDown(connection, name, replacing, context) : [];
    const weaker = await begun(connection, database, replacing, context);
    const source = { given, folder: given.folder, taken };
    await load(connection, source, name, context);
    // What was there before is used by somebody, who writes as soon as it is loaded: a copy of it was counted before.
    const rows = there ? undefined : await compare(connection, source, name, context);
    const lost = await giveAgain(connection, name, replacing, context);
    // What it holds of rights is needed until nothing leads back: the mark of before stays beside the one of after.
    await ask(connection, `CREATE DATABASE ${identifier(replaced)};`, context, replaced);
    return {
      result: { database: name, ...(rows === undefined ? {} : { rows }) },
      degraded: [...unseen, ...weaker, ...lost],
    };
  },

  probe: async (context) => {
    const given = givenIn(context);
    const { database, replaced } = placedIn(given, context);
    return (await namesThere(await restoringIn(given, context), [replaced], context)).has(replaced)
      ? { answer: 'done', evidence: 'its mark says that it was loaded to the end', result: { database: database.name } }
      : { answer: 'not done', evidence: 'there is no mark that it was loaded to the end' };
  },

  undo: undoing(async (context) => {
    const given = givenIn(context);
    const { database, replacing, replaced } = placedIn(given, context);
    const { name, there } = database;
    const connection = await restoringIn(given, context);
    const settled = settledName(context.run);
    const marks = await namesThere(connection, [replacing, replaced, settled], context);
    if (marks.size === 0 || marks.has(settled)) return;
    // It may still be there as it was: it is not dropped for what cannot be brought back.
    const source = there ? await safetySource(given, name, context) : undefined;
    if (source === undefined) {
      await leave(connection, name, context);
      await drop(connection, name, context);
    } else {
      for (const says of await emptied(connection, name, source.taken.about, context)) context.log(says);
      await load(connection, source, name, context);
      if (marks.has(replacing)) await giveAgain(connection, name, replacing, context);
    }
    for (const mark of [replaced, replacing]) await drop(connection, mark, context);
  }),
  release,
};

/** Dropped as a whole, or left as it was, or made by somebody else a moment ago: then its mark goes, and nothing has to lead back. */
async function begun(
  connection: Connection,
  { name, there, taken }: Database,
  mark: string,
  context: StepContext,
): Promise<readonly string[]> {
  try {
    if (there) return await emptied(connection, name, taken.about, context);
    await ask(connection, createSql(name, taken.about), context, name);
    return [];
  } catch (error) {
    const isInUse = error instanceof Fault && error.code === 'database-in-use';
    if (there && !isInUse) throw error;
    await drop(connection, mark, context);
    throw isInUse ? inUse(name) : error;
  }
}

const inUse = (name: string): Fault =>
  new Fault('database-in-use', {
    where: shown(name),
    says: 'somebody holds a table of it in a transaction, for half a minute now',
    remedy: 'stop what uses it (`SHOW FULL PROCESSLIST`), then restore again; nothing was replaced',
  });

const otherwise = (name: string, there: boolean): Fault =>
  new Fault('database-changed', {
    where: shown(name),
    says: there ? 'it was there when this was planned, and is gone' : 'there is one of that name now',
    remedy: 'make a new plan and look at it: nothing was replaced',
  });
