// One snapshot: written to a file, looked through there, and only then sent on.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { ItemFacts, Taking } from '../common/dumps/dump.ts';
import { copied } from '../common/dumps/opened.ts';
import { keysAt, keysNow, statusOf } from './answers.ts';
import { type Client, clientOf } from './client.ts';
import { proved } from './digest.ts';
import { saveSnapshot } from './save.ts';
import type { EtcdEntry } from './schema.ts';
import { type SnapshotStatus, snapshotTool, statusOfFile } from './snapshot-tool.ts';
import { removeStaged, stagingFolder } from './staged.ts';

export async function takeSnapshot(entry: EtcdEntry, context: StepContext): Promise<Taking> {
  const { signal, world } = context;
  const client = await clientOf(entry, world);
  const { machine } = client;
  const { dbSize, header } = await statusOf(client, context);
  const tool = await snapshotTool(entry, machine, signal);
  const folder = await stagingFolder(entry, dbSize, context);
  const close = () => removeStaged(machine, entry, context);
  try {
    const path = join(folder, 'snapshot.db');
    await saveSnapshot(client, path, dbSize, context);
    const status = await statusOfFile(tool, path, signal);
    const counted = await countedIn(client, status, header.revision, context);
    const pieces = copied(machine.files.source(path, { signal }));
    return {
      dump: proved(pieces, `${entry.name}: ${entry.server.url}`),
      facts: async () => factsOf(status, counted),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Counted = Readonly<{ revision: number; keys: number | undefined }>;

/**
 * A file says the revision of the last key in it. Where that was deleted since, and compacted away, the store is further: which revision it
 * has is known only as long as nobody writes.
 */
async function countedIn(
  client: Client,
  { revision }: SnapshotStatus,
  before: number | undefined,
  context: StepContext,
): Promise<Counted> {
  const keys = await keysAt(client, revision, context);
  if (keys !== undefined) return { revision, keys };
  const now = await keysNow(client, context);
  return now.revision === before ? now : { revision, keys };
}

/** `entries` are all that the file holds, older revisions of keys too: they come and go with compaction. */
const factsOf = ({ hash, revision: inFile, totalKey }: SnapshotStatus, { revision, keys }: Counted): ItemFacts => ({
  counts: { ...(keys === undefined ? {} : { keys }), entries: totalKey, revision },
  // Its file grows by leaps and never shrinks: only the revision tells that somebody wrote.
  content: String(revision),
  about: { hash, revision: inFile },
  degraded:
    keys === undefined
      ? ['its keys could not be counted: what it holds was compacted away while it was looked through']
      : [],
});
