// The layer `vault`: the raft storage of a Vault or an OpenBao, by its API (docs/layers/vault.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { safetyKind } from '../common/dumps/safety-step.ts';
import { dumpsBefore, vaultDumps } from './dumps.ts';
import { restoreKind } from './restore.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { routesOf } from './routes.ts';
import { type VaultEntry, vaultEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';

export const vault = defineLayer<VaultEntry>(
  dumpLayer({
    dumps: vaultDumps,
    schema: vaultEntry,
    routes: routesOf,
    targets: restoreTargets,
    scout: scoutRestore,
    restore: planRestore,
    stepKinds: [
      safetyKind(
        dumpsBefore,
        vaultEntry,
        'where it gives no snapshot any more, bring this one as a file (--to /FOLDER)',
      ),
      restoreKind,
    ],
  }),
);
