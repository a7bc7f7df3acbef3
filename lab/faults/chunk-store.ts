// A datastore whose disk went away beneath the running service: whatever opens its chunk store is refused, the rest of the
// PBS answers as before (facts: failure-signatures F6).
import type { Product } from '../front/call.ts';
import { notePbs } from '../journal.ts';
import type { PbsHost } from '../pbs/host.ts';

export const chunkStoreWords = (path: string): string =>
  `unable to open chunk store at "${path}/.chunks" - No such file or directory (os error 2)`;

export function withChunkStore(host: PbsHost, product: Product): Product {
  return {
    ...product,
    handle: async (call) => {
      const store = /^\/api2\/json\/admin\/datastore\/([^/]+)\/./.exec(call.path)?.[1];
      const datastore = host.state.datastores.find(({ name }) => name === store);
      const user = product.userOf(call);
      if (datastore === undefined || user === undefined || host.board.meet('chunk-store', call) === undefined)
        return product.handle(call);
      const words = chunkStoreWords(datastore.path);
      const text = `${call.method} ${call.path}: 400 Bad Request: [client [::ffff:127.0.0.1]:52010] ${words}`;
      notePbs(host.state, host.now(), 'proxmox-backup-proxy', text);
      return { answer: { status: 400, body: words }, user, waitMilliseconds: 0 };
    },
  };
}
