// A foreign hand: somebody changes something on a PVE host, or any entry of a PBS, past Holdfast, as with an editor on the server itself.
import * as z from 'zod';
import { foreignChange, foreignKinds } from '../pbs/foreign-change.ts';
import type { PbsServer, Server } from '../server.ts';
import { changeOnPve, pveKinds } from './change-pve.ts';

const changeGiven = z.strictObject({
  server: z.string(),
  storage: z.string().optional(),
  backupJob: z.string().optional(),
  guest: z.int().optional(),
  /** below a storage of that name */
  disk: z.string().optional(),
  role: z.string().optional(),
  pruneJob: z.string().optional(),
  /** of a PBS, with `name`: verify, sync, remote, datastore, user, ... */
  kind: z.enum(foreignKinds).optional(),
  name: z.string().optional(),
  set: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).default({}),
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
  const named = [...pveKinds.map((kind) => given[kind]), given.pruneJob, given.kind];
  if (named.filter((one) => one !== undefined).length !== 1)
    throw new Error(
      'say what is changed: one of `storage` and `pruneJob`, `backupJob`, `guest`, `disk`, `role`, or `kind` with `name`',
    );
  if ((given.kind === undefined) !== (given.name === undefined)) throw new Error('`kind` and `name` go together');
  if (given.delete !== true && given.delete.length === 0 && Object.keys(given.set).length === 0)
    throw new Error('say how it is changed: `set`, `delete`, or both');
  return server.product === 'pve' ? changeOnPve(server, given) : changeOnPbs(server, given);
}

function changeOnPbs({ name, host }: PbsServer, given: Change): unknown {
  const entry = given.pruneJob ?? given.name;
  if (entry === undefined) throw new Error(`${name} is a PBS: it has no storages`);
  return foreignChange(host.state, given.kind ?? 'prune', { name: entry, set: given.set, unset: given.delete });
}
