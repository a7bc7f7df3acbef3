// What Redis brings to the layers of dumps.
import type { StepContext } from '../../contracts/step-kind.ts';
import { versionOf } from '../common/commands.ts';
import type { Dumps, Looked, Session } from '../common/dumps/dump.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { checkerOn } from './checker.ts';
import { ask, clientOf, whereOf } from './client.ts';
import { infoWhereAllowed, keyspaceOf } from './info.ts';
import type { RedisEntry } from './schema.ts';
import { takeAll } from './take.ts';

export const redisItem = { name: 'dump', form: 'rdb' } as const;

export const redisDumps: Dumps<RedisEntry> = {
  kind: 'redis',
  source: ({ machine, server }) => ({ redis: whereOf(server), machine }),
  gone: ['database-unreachable', 'database-login-refused'],
  look,
  open,
  // A password goes by standard input, and a dump passes: nothing is left anywhere.
  release: async () => {},
};

async function look(entry: RedisEntry, context: StepContext): Promise<Looked> {
  const client = await clientOf(entry, context.world);
  await ask(client, ['ping'], /^PONG\n/, context);
  const info = await infoWhereAllowed(client, context);
  const warnings: string[] = [];
  if (info === undefined) warnings.push('the login may not ask how many keys there are (+info)');
  if (info?.['cluster_enabled'] === '1') warnings.push('it is one node of a cluster: only its own slots are dumped');
  if (info?.['role'] === 'slave' && info['master_link_status'] !== 'up')
    warnings.push('it is a replica without its master: what it holds may be old');
  return {
    server:
      info === undefined
        ? { answers: 'PONG' }
        : { version: `Redis ${info['redis_version'] ?? ''}`, keys: keyspaceOf(info).keys, role: info['role'] ?? '' },
    items: [redisItem],
    excluded: [],
    warnings,
  };
}

async function open(entry: RedisEntry, context: StepContext): Promise<Session> {
  const { world, signal } = context;
  const client = await clientOf(entry, world);
  const checker = await checkerOn([world.machine(pointsMachine(entry)), client.machine], signal);
  return {
    take: () => takeAll({ client, way: entry.way, checker }, context),
    tools: async () => ({
      'redis-cli': await versionOf(client.machine, 'redis-cli'),
      ...(checker === undefined ? {} : { 'redis-check-rdb': await versionOf(checker, 'redis-check-rdb') }),
    }),
  };
}
