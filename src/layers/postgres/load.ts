// The step `postgres.load`: a dump becomes a database that nobody knows yet, and its rows are counted. What is not whole is removed.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { forAge } from '../common/points/encryption.ts';
import { loadDatabase } from './loading.ts';
import { ask } from './psql.ts';
import {
  givenIn,
  namesThere,
  observePoint,
  placedIn,
  type Restoring,
  release,
  restoringIn,
  undoing,
} from './restoring.ts';
import { identifier } from './sql.ts';

export const loadKind: StepKind = {
  name: 'postgres.load',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { database, loaded } = placedIn(given, context);
    const { taken } = database;
    const { entry, folder } = given;
    const restoring = await restoringIn(given, context);
    await drop(restoring, loaded, context);
    context.take('database that is loaded', loaded);
    const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
    const points = context.world.machine(given.points);
    const rows = await loadDatabase({ ...restoring, name: loaded, points, folder, taken, identity }, context);
    return { result: { database: loaded, rows } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw loaded to its end is loaded again' }),

  undo: undoing(async (context) => {
    const given = givenIn(context);
    await drop(await restoringIn(given, context), placedIn(given, context).loaded, context);
  }),
  release,
};

/** Only what has this run's own name. Whoever looks into it meanwhile is sent away. */
async function drop(restoring: Restoring, name: string, context: StepContext): Promise<void> {
  if (!(await namesThere(restoring, [name], context)).has(name)) return;
  await ask(restoring.connection, restoring.from, `DROP DATABASE ${identifier(name)} WITH (FORCE);`, context);
}
