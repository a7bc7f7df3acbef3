// What a vault brings to the layers of dumps: one snapshot of all of it.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import type { Dumps, Item, Looked, Session } from '../common/dumps/dump.ts';
import { tokenFor, withServer } from './asking.ts';
import { paths, policyLine, refusedFault, rightsOf, warningsOn } from './rights.ts';
import type { VaultEntry } from './schema.ts';
import { type Active, activeNode } from './standing.ts';
import { takeSnapshot } from './take.ts';
import { otherThan, rememberVault } from './which-vault.ts';

export const snapshotItem: Item = { name: 'snapshot', form: 'snap', packed: true };

export const vaultDumps: Dumps<VaultEntry> = {
  kind: 'vault',
  source: ({ url }, { cluster_id: id }) => ({ vault: typeof id === 'string' && id !== '' ? id : new URL(url).origin }),
  gone: [],
  look,
  open: async (entry, context): Promise<Session> => {
    const { version, clusterId } = await activeNode(entry, context);
    return {
      take: async () => {
        const taking = await takeSnapshot(entry, context);
        const facts = async () => {
          const known = { ...(await taking.facts()), degraded: otherThan(entry, clusterId, context) };
          rememberVault(entry, clusterId, context);
          return known;
        };
        return { ...taking, facts };
      },
      tools: async () => ({ vault: version }),
    };
  },
  // Nothing of it is kept on a machine: the token goes over the wire alone.
  release: async () => {},
};

const unknownThere = ['database-login-refused', 'dump-not-allowed'];

/**
 * Before a restore. A vault that was made anew knows the token of its new root, and not the one that takes snapshots: what it holds is
 * taken with the one that restores, where that may. Which vault it is then says nothing of the one that is there after.
 */
export const dumpsBefore: Dumps<VaultEntry> = {
  ...vaultDumps,
  open: async (entry, context) => {
    const { version } = await activeNode(entry, context);
    const { restore_as: other } = entry;
    return {
      take: async () => {
        try {
          return await takeSnapshot(entry, context);
        } catch (error) {
          if (other === undefined || !(error instanceof Fault) || !unknownThere.includes(error.code)) throw error;
          context.log(`${error.code}: it is taken with the token that restores`);
          // Where neither may, it is the first that the estate names for it.
          return await takeSnapshot({ ...entry, token: other.token }, context).catch(() => Promise.reject(error));
        }
      },
      tools: async () => ({ vault: version }),
    };
  },
};

const serverFacts = ({ version, cluster, clusterId }: Active): Readonly<Record<string, Json>> => ({
  version,
  ...(cluster === '' ? {} : { cluster }),
  ...(clusterId === '' ? {} : { cluster_id: clusterId }),
});

async function look(entry: VaultEntry, context: StepContext): Promise<Looked> {
  const active = await activeNode(entry, context);
  const warnings = await withServer(entry.name, active.node, context, async (server) => {
    const token = await tokenFor(active.node, entry.token, context);
    const rights = await rightsOf(server, token);
    if (rights?.take === false)
      throw await refusedFault(server, token, policyLine(paths.take, 'read'), 'it may not read snapshots');
    return warningsOn(server, token, rights);
  });
  return { server: serverFacts(active), items: [snapshotItem], excluded: [], warnings };
}
