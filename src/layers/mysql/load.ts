// The step `mysql.load`: a dump becomes a database that nobody knows, and its rows are counted, before anything is replaced by it.
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { ask } from './ask.ts';
import { compare, load } from './loading.ts';
import { createSql, drop, givenIn, observePoint, placedIn, release, restoringIn, undoing } from './restoring.ts';

export const loadKind: StepKind = {
  name: 'mysql.load',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { database, loaded } = placedIn(given, context);
    const { taken } = database;
    const connection = await restoringIn(given, context);
    await drop(connection, loaded, context);
    context.take('database that is loaded', loaded);
    await ask(connection, createSql(loaded, taken.about), context, loaded);
    const source = { given, folder: given.folder, taken };
    // The live ones are at work all the while: a bill that is sent twice cannot be taken back.
    await load(connection, source, loaded, context, true);
    return { result: { database: loaded, rows: await compare(connection, source, loaded, context) } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw loaded to its end is loaded again' }),

  undo: undoing(async (context) => {
    const given = givenIn(context);
    await drop(await restoringIn(given, context), placedIn(given, context).loaded, context);
  }),
  release,
};
