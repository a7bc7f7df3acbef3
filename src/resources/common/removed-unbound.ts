// Notification objects are removed by calls that take no digest, and refuse one (facts: pbs-api section 1).
import type { ResourceOf } from '../../contracts/resource.ts';
import { type ConfigEntries, deleteEntry } from '../../proxmox/config-entries.ts';

export const removedUnbound = <Part>(resource: ResourceOf<Part>, entries: ConfigEntries): ResourceOf<Part> => ({
  ...resource,
  remove: async (api, { name }, { signal }) => {
    await deleteEntry(api, { ...entries, digest: 'none' }, name, undefined, {}, { signal });
  },
});
