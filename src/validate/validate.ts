// Everything that is declared of servers and storages, looked at side by side: none of them waits for another that is dead.
import PQueue from 'p-queue';
import type { Ports, ServerAsked, StorageAsked } from './asked.ts';
import type { Validation } from './check.ts';
import { namedTwice } from './judge-clusters.ts';
import { lookFromNodes } from './look-nodes.ts';
import { lookAtServer, type ServerLooked } from './look-server.ts';
import { lookAtStorage } from './look-storage.ts';

export type Asked = Readonly<{
  servers: readonly ServerAsked[];
  storages: readonly StorageAsked[];
  scan: boolean;
}>;

const atOnce = 64;

export async function validateAll({ servers, storages, scan }: Asked, ports: Ports): Promise<Validation> {
  // Servers stand first in the queue, so a storage that waits for one never keeps it from its turn.
  const queue = new PQueue({ concurrency: atOnce });
  const looking = new Map<string, Promise<ServerLooked>>(
    servers.map((server) => [server.name, queue.add(() => lookAtServer(server, ports))]),
  );
  const sideOf = async (server: string) => (await looking.get(server))?.side;
  try {
    const seen = await Promise.all(
      storages.map((storage) =>
        queue.add(() => lookAtStorage(storage, ports, () => lookFromNodes({ storage, sideOf, scan, ports }))),
      ),
    );
    const looked = await Promise.all(looking.values());
    return { at: ports.clock.now(), servers: namedTwice(looked), storages: seen };
  } finally {
    for (const one of await Promise.allSettled(looking.values()))
      if (one.status === 'fulfilled') for (const api of one.value.opened) await api[Symbol.asyncDispose]();
  }
}
