// A foreign hand: somebody changes a storage or a prune job past Holdfast, as with an editor on the server itself.
import * as z from 'zod';
import { pbsContract } from '../contract/contract.ts';
import { sensitive, storageType } from '../pve/storage-types.ts';
import type { PbsServer, PveServer, Server } from '../server.ts';

const changeGiven = z.strictObject({
  server: z.string(),
  storage: z.string().optional(),
  pruneJob: z.string().optional(),
  set: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** names of options to unset; true removes the whole thing */
  delete: z.union([z.literal(true), z.array(z.string())]).default([]),
});
type Change = z.output<typeof changeGiven>;

/** Gives what is there afterwards, or null where it is gone. Throws, in words, what makes no sense. */
export function change(servers: readonly Server[], body: unknown): unknown {
  const given = changeGiven.parse(body);
  const server = servers.find(({ name }) => name === given.server);
  if (server === undefined)
    throw new Error(`there is no server '${given.server}': they are ${servers.map(({ name }) => name).join(', ')}`);
  if ((given.storage === undefined) === (given.pruneJob === undefined))
    throw new Error('say what is changed: one of `storage` and `pruneJob`');
  if (given.delete !== true && given.delete.length === 0 && Object.keys(given.set).length === 0)
    throw new Error('say how it is changed: `set`, `delete`, or both');
  return server.product === 'pve' ? changeStorage(server, given) : changePruneJob(server, given);
}

function changeStorage({ name, host: { state } }: PveServer, { storage, set, delete: unset }: Change): unknown {
  if (storage === undefined) throw new Error(`${name} is a PVE host: it has no prune jobs`);
  const entry = state.storages.find((one) => one.storage === storage);
  if (entry === undefined) throw new Error(`${name} has no storage '${storage}'`);
  if (unset === true) {
    state.storages = state.storages.filter((one) => one !== entry);
    return null;
  }
  const type = storageType(entry.type);
  const known = [...(type?.fixed ?? []), ...(type?.optional ?? [])].filter((one) => !sensitive.includes(one));
  refuseUnknown([...Object.keys(set), ...unset], known, `a storage of type ${entry.type}`);
  // storage.cfg has no booleans.
  const plain = Object.entries(set).map(([option, value]) => [
    option,
    typeof value === 'boolean' ? Number(value) : value,
  ]);
  entry.options = { ...without(entry.options, unset), ...Object.fromEntries(plain) };
  return entry;
}

const ofPruneJobs = Object.keys(pbsContract.paths['/config/prune/{id}']?.['PUT']?.parameters ?? {}).filter(
  (name) => !['id', 'delete', 'digest'].includes(name),
);

function changePruneJob({ name, host: { state } }: PbsServer, { pruneJob, set, delete: unset }: Change): unknown {
  if (pruneJob === undefined) throw new Error(`${name} is a PBS: it has no storages`);
  const job = state.pruneJobs.find(({ id }) => id === pruneJob);
  if (job === undefined) throw new Error(`${name} has no prune job '${pruneJob}'`);
  if (unset === true) {
    state.pruneJobs = state.pruneJobs.filter((one) => one !== job);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], ofPruneJobs, 'a prune job');
  job.options = { ...without(job.options, unset), ...set };
  return job;
}

function refuseUnknown(names: readonly string[], known: readonly string[], of: string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${of} has no option '${unknown}': there are ${known.join(', ')}`);
}

const without = <Value>(options: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
