// What a restore must know of the server before it is planned: which databases and roles there are, and who uses them now.
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { Json } from '../../values/canonical.ts';
import { whileLooking } from '../common/dumps/credentials.ts';
import { isFolder } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { connect, forRestore } from './connection.ts';
import { ask } from './psql.ts';
import type { PostgresEntry } from './schema.ts';

const session = z.object({ user: z.string().nullable(), application: z.string(), address: z.string(), count: z.int() });

export const scouted = z.object({
  number: z.int(),
  may_create: z.boolean(),
  databases: z.array(z.object({ name: z.string(), bytes: z.int(), sessions: z.array(session) })),
  roles: z.array(z.string()),
});
export type Scouted = z.infer<typeof scouted>;

const sql = `SELECT json_build_object('number', current_setting('server_version_num')::int,
  'may_create', (SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user),
  'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles),
  'databases', (SELECT coalesce(json_agg(json_build_object('name', datname,
    'bytes', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END,
    'sessions', (SELECT coalesce(json_agg(s), '[]') FROM (SELECT usename AS user, application_name AS application,
      coalesce(host(client_addr), 'its own socket') AS address, count(*)::int AS count FROM pg_stat_activity
      WHERE datid = pg_database.oid AND pid <> pg_backend_pid() AND backend_type = 'client backend' GROUP BY 1, 2, 3 ORDER BY 4 DESC) s)
    ) ORDER BY datname), '[]') FROM pg_database));`;

export async function scoutRestore(
  entry: PostgresEntry,
  { target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (target === undefined || isFolder(target)) return null;
  const as = forRestore(entry);
  return whileLooking(world.machine(entry.machine), entry.name, async (owner) => {
    const connection = await connect(as, { ...owner, world });
    const [found] = z.tuple([scouted]).parse(await ask(connection, as.server.database, sql, { signal }));
    return asGiven(found);
  });
}
