// Where a backup goes: a datastore of the PBS, reached with the storage's own credentials, or a directory of the host.
import type { BackupTarget } from './backup.ts';
import { directoryTarget } from './backup-to-directory.ts';
import { pbsTarget } from './backup-to-pbs.ts';
import { splitList } from './formats.ts';
import type { PveHost } from './host.ts';
import type { StorageEntry } from './state.ts';
import { entryOf, isDisabled, usableOn } from './storage-file.ts';

/** What it throws ends the whole task, in the words of vzdump. */
export async function openTarget(host: PveHost, storage: string): Promise<BackupTarget> {
  const failed = (why: string) => new Error(`could not get storage information for '${storage}': ${why}`);
  const entry = entryFor(host, storage, failed);
  if (isDisabled(entry)) throw failed(`storage '${storage}' is disabled`);
  if (!usableOn(entry, host.state.node))
    throw failed(`storage '${storage}' is not available on node '${host.state.node}'`);
  if (!splitList(String(entry.options['content'] ?? '')).includes('backup'))
    throw failed(`can't use storage '${storage}' for backups - wrong content type`);
  return entry.type === 'pbs' ? pbsTarget(host, entry) : directoryTarget(host, entry);
}

function entryFor(host: PveHost, storage: string, failed: (why: string) => Error): StorageEntry {
  try {
    return entryOf(host.state, storage);
  } catch (thrown) {
    throw failed((thrown as Error).message.trim());
  }
}
