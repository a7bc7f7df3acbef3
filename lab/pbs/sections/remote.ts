// Other servers, sections of remote.cfg (facts: pbs-api section 6).
import { badParameters } from '../refusal.ts';
import { may } from '../rights.ts';
import { type Kind, withTrimmedComment } from './section.ts';

export const remote: Kind = {
  file: 'remote',
  path: '/config/remote',
  id: 'name',
  noun: 'remote',
  entries: ({ remotes }) => remotes,
  notFoundOn: ['DELETE'],
  writeOnly: ['password'],
  listed: (host, call, { id }) => may(host, call, `/remote/${id}`, 'Remote.Audit'),
  mayRemove: ({ state }, _call, { id }) => {
    const user = state.syncJobs.find(({ options }) => options['remote'] === id);
    if (user !== undefined)
      throw badParameters([
        ['name', `remote '${id}' is used by sync job '${user.id}' (datastore '${String(user.options['store'])}')`],
      ]);
  },
  kept: (given) => withTrimmedComment(given),
};
