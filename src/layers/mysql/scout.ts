// What a restore must know of the server before it is planned: which databases and accounts there are, and who uses them now.
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import { whileLooking } from '../common/dumps/credentials.ts';
import { isFolder } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { connect, forRestore } from './connection.ts';
import { may } from './grants.ts';
import { inventory } from './inventory.ts';
import type { MysqlEntry } from './schema.ts';
import { sessionsOn, sessionsSchema } from './sessions.ts';
import { accountsOn } from './take-accounts.ts';

export const scouted = z.object({
  version: z.object({ text: z.string(), isMaria: z.boolean(), numbers: z.tuple([z.int(), z.int()]) }),
  may_create: z.boolean(),
  /** whether connections of others are among `sessions` */
  sees_sessions: z.boolean(),
  databases: z.array(z.object({ name: z.string(), bytes: z.int() })),
  sessions: sessionsSchema,
  /** null: the login may not look */
  accounts: z.array(z.object({ user: z.string(), host: z.string() })).nullable(),
});
export type Scouted = z.infer<typeof scouted>;

export async function scoutRestore(
  entry: MysqlEntry,
  { target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (target === undefined || isFolder(target)) return null;
  const as = forRestore(entry);
  return whileLooking(world.machine(entry.machine), entry.name, async (looking) => {
    const owner = { ...looking, world, signal };
    const connection = await connect(as, owner);
    const everything = { ...as, databases: undefined, exclude: undefined };
    const { version, grants, looked } = await inventory(connection, everything, owner);
    const found: Scouted = {
      version: { ...version, numbers: [...version.numbers] },
      // Of its own names: it needs the right to databases that are not there yet.
      may_create: ['CREATE', 'DROP', 'INSERT', 'SELECT'].every((one) => may(grants, one, 'holdfast_0_loaded')),
      sees_sessions: may(grants, 'PROCESS'),
      databases: looked.items.filter(({ form }) => form === 'sql').map(({ name, bytes = 0 }) => ({ name, bytes })),
      sessions: await sessionsOn(connection, owner),
      accounts: await readAccounts(connection, version.isMaria, signal),
    };
    return asGiven(found);
  });
}

async function readAccounts(
  ...[connection, isMaria, signal]: [Parameters<typeof accountsOn>[0], boolean, AbortSignal]
) {
  try {
    return (await accountsOn(connection, isMaria, { signal })).map(({ user, host }) => ({ user, host }));
  } catch (error) {
    if (error instanceof Fault && error.code === 'dump-not-allowed') return null;
    throw error;
  }
}
