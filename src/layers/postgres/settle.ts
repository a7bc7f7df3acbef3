// The step `postgres.settle`: what was replaced is removed. It stays in the point that was taken before.
import type { StepKind } from '../../contracts/step-kind.ts';
import { ask } from './psql.ts';
import { givenIn, namesThere, observePoint, placedIn, release, restoringIn } from './restoring.ts';
import { identifier } from './sql.ts';

export const settleKind: StepKind = {
  name: 'postgres.settle',
  observe: observePoint,

  do: async (context) => {
    const given = givenIn(context);
    const restoring = await restoringIn(given, context);
    const before = given.databases.map((_, which) => placedIn(given, context, which).before);
    const there = await namesThere(restoring, before, context);
    for (const name of before)
      if (there.has(name))
        await ask(restoring.connection, restoring.from, `DROP DATABASE ${identifier(name)} WITH (FORCE);`, context);
    return { result: { removed: before.filter((name) => there.has(name)).length } };
  },

  probe: async (context) => {
    const given = givenIn(context);
    const before = given.databases.map((_, which) => placedIn(given, context, which).before);
    const there = await namesThere(await restoringIn(given, context), before, context);
    return there.size === 0
      ? { answer: 'done', evidence: 'none of them is there any more', result: { removed: before.length } }
      : { answer: 'not done', evidence: `${[...there].join(', ')} is still there` };
  },
  release,
};
