// The step `mysql.settle`: the copy that was counted is removed, and the marks that say how far the restore came. Before any of them goes
// there is one that says that the restore is done: from then on nothing leads back, and whoever finds it finishes.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { accountsName, settledName } from './restore-given.ts';
import {
  drop,
  dropAll,
  givenIn,
  isThere,
  namesThere,
  observePoint,
  placedIn,
  release,
  restoringIn,
  undoing,
} from './restoring.ts';
import { identifier } from './sql.ts';

const marksOf = (context: StepContext): readonly string[] => {
  const given = givenIn(context);
  const each = given.databases.flatMap((_, which) => {
    const { loaded, replacing, replaced } = placedIn(given, context, which);
    return [loaded, replacing, replaced];
  });
  return [...each, accountsName(context.run)];
};

async function finish(connection: Connection, context: StepContext): Promise<number> {
  const there = await namesThere(connection, marksOf(context), context);
  await dropAll(connection, there, context);
  await drop(connection, settledName(context.run), context);
  return there.size;
}

export const settleKind: StepKind = {
  name: 'mysql.settle',
  observe: observePoint,

  do: async (context) => {
    const connection = await restoringIn(givenIn(context), context);
    const settled = settledName(context.run);
    context.take('mark that the restore is done', settled);
    await ask(connection, `CREATE DATABASE IF NOT EXISTS ${identifier(settled)};`, context, settled);
    return { result: { removed: await finish(connection, context) } };
  },

  probe: async (context) => {
    const connection = await restoringIn(givenIn(context), context);
    const there = await namesThere(connection, [...marksOf(context), settledName(context.run)], context);
    return there.size === 0
      ? { answer: 'done', evidence: 'none of them is there any more', result: { removed: 0 } }
      : { answer: 'not done', evidence: `${[...there].join(', ')} is still there` };
  },

  undo: undoing(async (context) => {
    const connection = await restoringIn(givenIn(context), context);
    if (await isThere(connection, settledName(context.run), context)) await finish(connection, context);
  }),
  release,
};
