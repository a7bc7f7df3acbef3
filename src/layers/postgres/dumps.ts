// What PostgreSQL brings to the layers of dumps.
import type { StepContext } from '../../contracts/step-kind.ts';
import { versionOf } from '../common/commands.ts';
import { removeKept } from '../common/dumps/credentials.ts';
import type { Dumps, Session } from '../common/dumps/dump.ts';
import { argvOf, type Connection, connect } from './connection.ts';
import { inventory, rolesItem, type Server } from './inventory.ts';
import { programsFor } from './programs.ts';
import type { PostgresEntry } from './schema.ts';
import { takeDatabase, takeRoles } from './take.ts';

export const postgresDumps: Dumps<PostgresEntry> = {
  kind: 'postgres',
  source: ({ machine, server: { host = 'its own socket', port } }) => ({ postgres: `${host}:${port}`, machine }),
  gone: ['database-unreachable', 'database-login-refused'],
  look: async (entry, context) => (await reached(entry, context)).server.looked,
  open,
  release: (entry, context) => removeKept(context.world.machine(entry.machine), context),
};

type Reached = Readonly<{ connection: Connection; server: Server }>;

/** psql of any version asks any server; what dumps is chosen for the version that it says it has. */
async function reached(entry: PostgresEntry, context: StepContext): Promise<Reached> {
  const connection = await connect(entry, context);
  const server = await inventory(connection, entry, context);
  const programs = entry.programs ?? (await programsFor(connection.machine, server.major, context.signal));
  return { connection: { ...connection, programs }, server };
}

async function open(entry: PostgresEntry, context: StepContext): Promise<Session> {
  const { connection, server } = await reached(entry, context);
  const { superuser } = server;
  return {
    take: (item) =>
      item.name === rolesItem && item.form === 'sql'
        ? takeRoles(connection, entry.server.database, superuser, context)
        : takeDatabase(connection, item, context),
    tools: async () => {
      const [program] = argvOf(
        { entry: { ...entry, as: undefined }, programs: connection.programs },
        'pg_dump',
        '',
        [],
      );
      return { pg_dump: await versionOf(connection.machine, program) };
    },
  };
}
