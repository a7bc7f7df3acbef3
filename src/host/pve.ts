import type { PveFacts } from '../model/host.ts';
import { isRow, text } from '../proxmox/decode.ts';
import { readFolders } from './folders.ts';
import { readGuests } from './guests.ts';
import { readDefaults, readJobs, readOldJobs } from './jobs.ts';
import { readHomes } from './pbs-home.ts';
import type { Reader } from './reader.ts';
import { readStorages } from './storages.ts';

export async function readPve(reader: Reader, node: string): Promise<PveFacts> {
  const [version, guests, storages, vzdump, oldStyleJobs] = await Promise.all([
    readVersion(reader),
    readGuests(reader),
    readStorages(reader, node),
    readDefaults(reader),
    readOldJobs(reader),
  ]);
  const jobs = await readJobs(reader, guests, vzdump?.values ?? new Map());
  const [homed, folders] = await Promise.all([
    storages && readHomes(reader, node, storages, guests.files ?? []),
    readFolders(reader, storages ?? [], jobs ?? []),
  ]);
  return {
    version,
    guests: guests.files?.map(({ guest }) => guest),
    storages: homed,
    jobs,
    oldStyleJobs,
    vzdump: vzdump && { retention: vzdump.retention, source: vzdump.source, at: vzdump.at },
    folders,
  };
}

async function readVersion(reader: Reader): Promise<string | undefined> {
  const told = await reader.ask(
    ['/usr/bin/pvesh', 'get', '/version', '--output-format', 'json'],
    'which version of PVE this is',
  );
  return isRow(told?.value) ? text(told.value['version']) : undefined;
}
