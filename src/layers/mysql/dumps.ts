// What MariaDB and MySQL bring to the layers of dumps.
import type { StepContext } from '../../contracts/step-kind.ts';
import { versionOf } from '../common/commands.ts';
import { removeKept } from '../common/dumps/credentials.ts';
import type { Dumps, Session } from '../common/dumps/dump.ts';
import { connect } from './connection.ts';
import { seesAll } from './grants.ts';
import { accountsItem, inventory } from './inventory.ts';
import type { MysqlEntry } from './schema.ts';
import { takeSchema } from './take.ts';
import { takeAccounts } from './take-accounts.ts';
import { toolFor } from './tools.ts';

export const mysqlDumps: Dumps<MysqlEntry> = {
  kind: 'mysql',
  source: ({ machine, server: { host = 'its own socket', port } }) => ({ mysql: `${host}:${port}`, machine }),
  gone: ['database-unreachable', 'database-login-refused'],
  look: async (entry, context) => {
    const connection = await connect(entry, context);
    await toolFor(connection.machine, 'dumper', entry.programs, context.signal);
    return (await inventory(connection, entry, context)).looked;
  },
  open,
  release: (entry, context) => removeKept(context.world.machine(entry.machine), context),
};

async function open(entry: MysqlEntry, context: StepContext): Promise<Session> {
  const connection = await connect(entry, context);
  const { machine } = connection;
  const dumper = await toolFor(machine, 'dumper', entry.programs, context.signal);
  // Of a restore's safety dump, `databases` may name what is not there at all.
  const { version, grants } = await inventory(connection, { ...entry, databases: undefined }, context);
  const { isMaria } = version;
  const knowsAll = seesAll(grants) || entry.databases !== undefined;
  return {
    take: (item) =>
      item.name === accountsItem && item.form === 'accounts.sql'
        ? takeAccounts(connection, version, knowsAll, context)
        : takeSchema({ connection, dumper, grants, isMaria }, item, context),
    tools: async () => ({ [dumper.path]: await versionOf(machine, dumper.path) }),
  };
}
