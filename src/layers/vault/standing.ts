// Which server of a vault leads, and how it is: sealed, a standby, not of raft. Nothing of this needs a token.
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { type Said, type Server, say, type Watched, withServer } from './asking.ts';
import { nodesOf, type VaultEntry, type VaultNode } from './schema.ts';

/** Answered with whatever status: 429 by a standby, 473 by one that serves reads, 501 before its beginning, 503 while sealed. */
const health = z.looseObject({
  initialized: z.boolean(),
  sealed: z.boolean(),
  standby: z.boolean(),
  version: z.string(),
  cluster_name: z.string().optional(),
  cluster_id: z.string().optional(),
});
const leader = z.looseObject({ leader_address: z.string().optional() });
const sealStatus = z.looseObject({ storage_type: z.string().optional() });

export type Active = Readonly<{
  node: VaultNode;
  version: string;
  /** what an operator calls it; may be withheld from whoever has no token */
  cluster: string;
  /** made when the vault was: no other has it */
  clusterId: string;
}>;

/** @throws Fault: why no server that is declared leads, by the first that was asked */
export async function activeNode(entry: VaultEntry, watched: Watched): Promise<Active> {
  const waiting = [...nodesOf(entry)];
  const asked = new Set<string>();
  let first: Fault | undefined;
  for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
    const { origin } = new URL(node.url);
    if (asked.has(origin)) continue;
    asked.add(origin);
    try {
      const found = await withServer(entry.name, node, watched, (server) => standingOf(entry, server));
      if ('version' in found) return found;
      waiting.unshift(found.leads);
    } catch (error) {
      watched.signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      first ??= error;
    }
  }
  throw first ?? noLeader(entry, 'each of them names another as the one that leads');
}

async function standingOf(entry: VaultEntry, server: Server): Promise<Active | Readonly<{ leads: VaultNode }>> {
  const { node } = server;
  const { initialized, sealed, standby, version, ...named } = read(server, health, await say(server, '/v1/sys/health'));
  if (!initialized) throw notInitialized(entry, node);
  if (sealed) throw isSealed(entry, node);
  if (standby) {
    const { leader_address } = read(server, leader, await say(server, '/v1/sys/leader'));
    return { leads: declared(entry, leader_address ?? '') };
  }
  const { storage_type: storage = 'raft' } = read(server, sealStatus, await say(server, '/v1/sys/seal-status'));
  if (storage !== 'raft') throw notRaft(entry, `it keeps its data in ${shown(storage)}`);
  return { node, version, cluster: named.cluster_name ?? '', clusterId: named.cluster_id ?? '' };
}

/** What a standby names is followed only where the estate names it, too. @throws Fault `vault-standby` */
export function declared(entry: VaultEntry, address: string): VaultNode {
  const origin = URL.parse(address)?.origin;
  const found = nodesOf(entry).find(({ url }) => new URL(url).origin === origin);
  if (found !== undefined) return found;
  throw noLeader(
    entry,
    address === '' ? 'it is a standby, and no server leads now' : `it is a standby, and ${shown(address)} leads`,
  );
}

function read<Value>({ name, node }: Server, schema: z.ZodType<Value>, { status, value, text }: Said): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Fault('vault-answer-unknown', {
    where: `${name} (${node.url})`,
    says: `it answers ${status}, and not as a Vault does: ${text}`,
    remedy: 'see what listens there: `url` is the address of its API, without a path',
  });
}

const where = ({ name }: VaultEntry, { url }: Pick<VaultNode, 'url'>): string => `${name} (${url})`;

export const isSealed = (entry: VaultEntry, node: Pick<VaultNode, 'url'>): Fault =>
  new Fault('vault-sealed', {
    where: where(entry, node),
    says: 'it is sealed: until it is unsealed nobody gets anything from it, a snapshot neither',
    remedy: 'unseal it by hand (`vault operator unseal`); Holdfast has no unseal keys, and never asks for them',
  });

const notInitialized = (entry: VaultEntry, node: VaultNode): Fault =>
  new Fault('vault-not-initialized', {
    where: where(entry, node),
    says: 'it was never initialized: there is nothing in it',
    remedy:
      'see whether it is the right server, and has its disk; for a restore, `vault operator init` and unseal it, then --to live-force',
  });

export const notRaft = (entry: VaultEntry, says: string): Fault =>
  new Fault('vault-not-raft', {
    where: where(entry, entry),
    says: `only integrated storage (raft) gives snapshots: ${says}`,
    remedy: 'protect the storage that it has by a layer for that (files, postgres, ...)',
  });

const noLeader = (entry: VaultEntry, says: string): Fault =>
  new Fault('vault-standby', {
    where: where(entry, entry),
    says: `${says}; the token was not sent there`,
    remedy: 'where that is a server of this cluster, name it under `nodes` with its `fingerprint` (or `trust: ca`)',
  });
