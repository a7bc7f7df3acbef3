// Users and tokens are one file of a PBS, and one list shows both (facts: pbs-api section 7).
import { path } from '../../proxmox/api.ts';
import type { ConfigEntries } from '../../proxmox/config-entries.ts';

/** The same question for both resources. */
export const usersAndTokens: ConfigEntries = {
  ...{ file: 'user.cfg', what: 'users', collection: path`/access/users`, id: 'userid' },
  entry: (name) => path`/access/users/${name}`,
  query: { include_tokens: true },
};
