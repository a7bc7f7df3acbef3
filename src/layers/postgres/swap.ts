// The step `postgres.swap`: what was loaded gets the name that applications know, by two renames in one transaction. Whoever is
// connected is sent away for it, and the one of before takes no more connections.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { seconds } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { ask } from './psql.ts';
import {
  givenIn,
  namesThere,
  observePoint,
  type Placed,
  placedIn,
  type Restoring,
  release,
  restoringIn,
  undoing,
} from './restoring.ts';
import { identifier, literal } from './sql.ts';

export const swapKind: StepKind = {
  name: 'postgres.swap',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const placed = placedIn(given, context);
    const restoring = await restoringIn(given, context);
    const { name, there } = placed.database;
    const names = await namesThere(restoring, [name], context);
    if (names.has(name) !== there) throw otherwise(name, there);
    if (there) await close(restoring, name, context);
    const away = there ? rename(name, placed.before) : '';
    await ask(restoring.connection, restoring.from, `BEGIN; ${away} ${rename(placed.loaded, name)} COMMIT;`, context);
    return { result: { database: name, ...(there ? { before: placed.before } : {}) } };
  },

  probe: async (context) => {
    const given = givenIn(context);
    const placed = placedIn(given, context);
    const names = await namesOf(placed, await restoringIn(given, context), context);
    return names.loaded
      ? { answer: 'not done', evidence: `${placed.loaded} still has its own name` }
      : { answer: 'done', evidence: 'it has the name', result: { database: placed.database.name } };
  },

  undo: undoing(async (context) => {
    const given = givenIn(context);
    const placed = placedIn(given, context);
    const restoring = await restoringIn(given, context);
    const { name, there } = placed.database;
    const names = await namesOf(placed, restoring, context);
    const { connection, from } = restoring;
    if (!names.loaded && (names.before || !there) && names.name) {
      await close(restoring, name, context);
      const back = there ? rename(placed.before, name) : '';
      await ask(connection, from, `BEGIN; ${rename(name, placed.loaded)} ${back} COMMIT;`, context);
    }
    if (there) await ask(connection, from, `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true;`, context);
  }),
  release,
};

const rename = (from: string, to: string): string => `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)};`;

async function namesOf({ database: { name }, loaded, before }: Placed, restoring: Restoring, context: StepContext) {
  const names = await namesThere(restoring, [name, loaded, before], context);
  return { name: names.has(name), loaded: names.has(loaded), before: names.has(before) };
}

/** Nobody new comes in, and who is there is sent away; a connection takes a moment to end. */
async function close({ connection, from }: Restoring, name: string, context: StepContext): Promise<void> {
  await ask(connection, from, `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS false;`, context);
  for (let tried = 0; tried < 30; tried += 1) {
    const left = await ask(
      connection,
      from,
      `SELECT json_build_array(pid, pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${literal(name)} AND pid <> pg_backend_pid();`,
      context,
    );
    if (left.length === 0) return;
    await context.world.clock.sleep(seconds(1), context.signal);
  }
  throw new Fault('database-in-use', {
    where: shown(name),
    says: 'somebody is still connected to it after half a minute',
    remedy: 'stop what uses it (`SELECT * FROM pg_stat_activity`), then restore again; nothing was replaced',
  });
}

const otherwise = (name: string, there: boolean): Fault =>
  new Fault('database-changed', {
    where: shown(name),
    says: there ? 'it was there when this was planned, and is gone' : 'there is one of that name now',
    remedy: 'make a new plan and look at it: nothing was replaced',
  });
