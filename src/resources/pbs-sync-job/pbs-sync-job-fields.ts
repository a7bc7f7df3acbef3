// A sync job in the estate's words and in PBS's (facts: pbs-api section 5).
import type { FieldTable } from '../common/config-resource.ts';
import { flag, mapped, names, number, size, text, unlessStandard } from '../common/field.ts';

export const fields: FieldTable = {
  store: text('store'),
  remote: text('remote'),
  remote_store: text('remote-store'),
  direction: unlessStandard(text('sync-direction', { feature: 'push-sync' }, 'pull')),
  namespace: text('ns'),
  remote_namespace: text('remote-ns'),
  owner: unlessStandard(text('owner', {}, 'root@pam')),
  remove_vanished: flag('remove-vanished'),
  max_depth: number('max-depth'),
  groups: mapped(
    names('group-filter', 'repeated'),
    (filters) => filters,
    // PBS leaves out what says the same as nothing.
    (filters) => [...new Set((filters as readonly string[]).map((one) => one.replace(/^include:/, '')))].sort(),
  ),
  // A change that leaves it out counts as a change of it: the last run is then taken to be now, and one that is due waits.
  schedule: text('schedule', { always: true }),
  comment: text('comment'),
  rate_in: size('rate-in'),
  burst_in: size('burst-in'),
  rate_out: size('rate-out'),
  burst_out: size('burst-out'),
  transfer_last: number('transfer-last'),
  // It can only be set to off; a push refuses even that, and never has it on.
  resync_corrupt: flag('resync-corrupt', false, {
    feature: 'sync-resync-corrupt',
    insteadOfDelete: { 'resync-corrupt': false },
  }),
  encrypted_only: flag('encrypted-only', false, { feature: 'sync-encrypted-only' }),
  verified_only: flag('verified-only', false, { feature: 'sync-verified-only' }),
  run_on_mount: flag('run-on-mount', false, { feature: 'sync-run-on-mount' }),
  unmount_on_done: flag('unmount-on-done', false, { feature: 'sync-unmount-on-done' }),
  worker_threads: unlessStandard(number('worker-threads', 1, { feature: 'sync-worker-threads' })),
  active_encryption_key: text('active-encryption-key', { feature: 'sync-encryption-keys' }),
  associated_keys: names('associated-key', 'repeated', { feature: 'sync-encryption-keys' }),
};
