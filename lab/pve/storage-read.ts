// GET of storage entries: who may not see an entry does not find it in the list, and gets a 403 for it alone.
import { answerWith, type PveHandlers, required, text } from './host.ts';
import { may } from './rights.ts';
import { entryOf, shownEntry } from './storage-file.ts';

export const storageReads: PveHandlers = {
  'GET /storage': (host, call) => {
    const type = text(call.params, 'type');
    const seen = host.state.storages.filter(
      (entry) =>
        (type === undefined || entry.type === type) &&
        may(host, call, `/storage/${entry.storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace'),
    );
    return answerWith(host.chance.shuffled(seen).map((entry) => shownEntry(host.state, entry, host.chance)));
  },
  'GET /storage/{storage}': (host, { params }) =>
    answerWith(shownEntry(host.state, entryOf(host.state, required(params, 'storage')), host.chance)),
};
