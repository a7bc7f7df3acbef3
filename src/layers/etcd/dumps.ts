// What etcd brings to the layers of dumps.
import type { StepContext } from '../../contracts/step-kind.ts';
import { versionOf } from '../common/commands.ts';
import type { Dumps, Looked, Session } from '../common/dumps/dump.ts';
import { membersOf, statusOf } from './answers.ts';
import { clientOf, environment } from './client.ts';
import type { EtcdEntry } from './schema.ts';
import { snapshotTool } from './snapshot-tool.ts';
import { removeStaged } from './staged.ts';
import { takeSnapshot } from './take.ts';

export const etcdItem = { name: 'snapshot', form: 'db' } as const;

export const etcdDumps: Dumps<EtcdEntry> = {
  kind: 'etcd',
  source: ({ machine, server: { url } }) => ({ etcd: url, machine }),
  gone: ['database-unreachable', 'database-login-refused'],
  look,
  open,
  release: (entry, context) => removeStaged(context.world.machine(entry.machine), entry, context),
};

async function look(entry: EtcdEntry, context: StepContext): Promise<Looked> {
  const client = await clientOf(entry, context.world);
  const { version, dbSize, isLearner, errors } = await statusOf(client, context);
  const members = await membersOf(client, context);
  return {
    server: { version: `etcd ${version}`, members: members.map(({ name }) => name) },
    items: [{ ...etcdItem, bytes: dbSize }],
    excluded: [],
    warnings: [
      ...(isLearner === true ? ['it is a learner: what it holds may be behind the cluster'] : []),
      ...(errors ?? []).map((says) => `etcd says of itself: ${says}`),
    ],
  };
}

async function open(entry: EtcdEntry, context: StepContext): Promise<Session> {
  const { world, signal } = context;
  return {
    take: () => takeSnapshot(entry, context),
    tools: async () => {
      const machine = world.machine(entry.machine);
      const { program } = await snapshotTool(entry, machine, signal);
      const { stdout } = await machine.run(['etcdctl', 'version'], { signal, env: environment });
      const own = stdout.split('\n')[0]?.trim();
      return { etcdctl: own, ...(program === 'etcdutl' ? { etcdutl: await versionOf(machine, 'etcdutl') } : {}) };
    },
  };
}
