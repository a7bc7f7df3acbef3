// What a restore in place must know before it is planned: whether the server runs, what it reads when it starts, who uses it.
import { join } from 'node:path';
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import { asGiven } from '../common/given.ts';
import { type Client, clientOf, forRestore } from './client.ts';
import { type Info, infoFrom, keyspaceOf } from './info.ts';
import { namesSchema, restoreGiven } from './restore-given.ts';
import { settingOf } from './saved-file.ts';
import type { RedisEntry } from './schema.ts';

export const scouted = z.object({
  /** why it could not be asked; null: it answers */
  down: z.string().nullable(),
  version: z.string().optional(),
  role: z.string().optional(),
  keys: z.int(),
  clients: z.int(),
  replicas: z.int(),
  names: namesSchema,
  reads: restoreGiven.shape.reads,
});
export type Scouted = z.infer<typeof scouted>;

const defaults = { dump: 'dump.rdb', logs: 'appendonlydir', log: 'appendonly.aof' } as const;

export async function scoutRestore(
  entry: RedisEntry,
  { target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (target !== 'live' || entry.data === undefined) return null;
  const client = await clientOf(forRestore(entry), world);
  try {
    const info = await infoFrom(client, { signal });
    return asGiven({ ...ofServer(info), names: await namesOf(client, signal) });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'database-unreachable') throw error;
    return asGiven({ ...(await ofFolder(client, entry.data)), down: error.says });
  }
}

function ofServer(info: Info): Omit<Scouted, 'names'> {
  const version = info['redis_version'] ?? '';
  const logged = info['aof_enabled'] === '1';
  return {
    ...{ down: null, version, role: info['role'] ?? '', keys: keyspaceOf(info).keys },
    clients: Math.max(0, Number(info['connected_clients'] ?? 1) - 1),
    replicas: Number(info['connected_slaves'] ?? 0),
    reads: logged ? (Number.parseInt(version, 10) >= 7 ? 'logs' : 'log') : 'dump',
  };
}

/** Where it may not be asked they are taken for the usual ones; were they others, the server would start empty, which is seen. */
async function namesOf(client: Client, signal: AbortSignal): Promise<Scouted['names']> {
  const asked = async (setting: string, otherwise: string): Promise<string> => {
    try {
      return await settingOf(client, setting, { signal });
    } catch (error) {
      if (error instanceof Fault && ['dump-not-allowed', 'dump-failed'].includes(error.code)) return otherwise;
      throw error;
    }
  };
  return {
    dump: await asked('dbfilename', defaults.dump),
    logs: await asked('appenddirname', defaults.logs),
    log: await asked('appendfilename', defaults.log),
  };
}

/** A server that is down has left what it reads. */
async function ofFolder({ machine }: Client, data: string): Promise<Omit<Scouted, 'down'>> {
  const has = async (name: string): Promise<boolean> => (await machine.files.info(join(data, name))) !== undefined;
  const reads = (await has(defaults.logs)) ? 'logs' : (await has(defaults.log)) ? 'log' : 'dump';
  return { keys: 0, clients: 0, replicas: 0, names: defaults, reads };
}
