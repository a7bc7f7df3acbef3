// The step `postgres.roles`: roles that the point has and the server has not. Those that are there keep what they have.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { opened } from '../common/dumps/opened.ts';
import { forAge } from '../common/points/encryption.ts';
import { ask } from './psql.ts';
import { givenIn, observePoint, type Restoring, release, restoringIn, undoing } from './restoring.ts';
import { statementsFor } from './roles-sql.ts';
import { identifier, literal } from './sql.ts';

export const rolesKind: StepKind = {
  name: 'postgres.roles',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const { entry, roles, points, folder } = givenIn(context);
    if (roles === undefined) throw new Error('no roles are to be made');
    const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
    const opening = { machine: context.world.machine(points), folder, taken: roles.taken, identity };
    const text: Buffer[] = [];
    for await (const piece of opened(opening, context)) text.push(Buffer.from(piece));
    const statements = statementsFor(Buffer.concat(text).toString(), roles.missing);
    const restoring = await restoringIn(givenIn(context), context);
    for (const role of roles.missing) context.take('role', role);
    await ask(restoring.connection, restoring.from, `BEGIN;\n${statements.join('\n')}\nCOMMIT;`, context);
    const left = await missing(restoring, roles.missing, context);
    if (left.length > 0)
      throw new Fault('role-not-made', {
        where: entry.name,
        says: `the point does not say how ${left.join(', ')} was made`,
        remedy: 'make it by hand (CREATE ROLE), then restore again',
      });
    return { result: { roles: roles.missing } };
  },

  probe: async (context) => {
    const given = givenIn(context);
    const left = await missing(await restoringIn(given, context), given.roles?.missing ?? [], context);
    return left.length === 0
      ? { answer: 'done', evidence: 'all of them are there', result: { roles: given.roles?.missing ?? [] } }
      : { answer: 'not done', evidence: `${left.join(', ')} is not there` };
  },

  undo: undoing(async (context) => {
    const given = givenIn(context);
    const restoring = await restoringIn(given, context);
    const names = given.roles?.missing ?? [];
    const left = await missing(restoring, names, context);
    // Made in one transaction, after it was seen that none of them was there.
    for (const role of names.filter((name) => !left.includes(name)))
      await ask(restoring.connection, restoring.from, `DROP ROLE ${identifier(role)};`, context);
  }),
  release,
};

async function missing(
  { connection, from }: Restoring,
  names: readonly string[],
  context: StepContext,
): Promise<readonly string[]> {
  const list = names.map(literal).join(',');
  const found = await ask(
    connection,
    from,
    `SELECT to_json(rolname::text) FROM pg_roles WHERE rolname IN (${list});`,
    context,
  );
  return names.filter((name) => !found.includes(name));
}
