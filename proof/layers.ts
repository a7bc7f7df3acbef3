// `npm run proof:layers [-- --full] [-- --only PART]`: the layers on real parts, as a user types them. Two lanes run side by side, since
// a machine in QEMU keeps one processor busy and no more; what measures time follows alone.
import { proveGate } from './layers/gate.ts';
import { proveHostConfig } from './layers/host-config.ts';
import { proveKilledRestores } from './layers/killed-restores.ts';
import { proveKilledSnapshots } from './layers/killed-snapshots.ts';
import { proveLongTests } from './layers/long-tests.ts';
import { proveLvm } from './layers/lvm.ts';
import { proveMachines } from './layers/machines.ts';
import { proveMetrics } from './layers/metrics.ts';
import { provePfsense } from './layers/pfsense.ts';
import { proveSchedules } from './layers/schedules.ts';
import { proveSqlite } from './layers/sqlite.ts';
import { proveStaging } from './layers/staging.ts';
import { proveSwap } from './layers/swap.ts';
import { proveUnderFire } from './layers/under-fire.ts';
import { type Parts, proveParts } from './parts.ts';

const lanes: readonly Parts[] = [
  {
    ...{ lvm: proveLvm, 'under-fire': proveUnderFire, 'killed-snapshots': proveKilledSnapshots },
    ...{ gate: proveGate, 'host-config': proveHostConfig, sqlite: proveSqlite },
  },
  {
    ...{ swap: proveSwap, 'killed-restores': proveKilledRestores },
    ...{ pfsense: provePfsense, metrics: proveMetrics },
  },
];
/** They measure time, or keep both processors busy: one after the other. */
const afterwards: Parts = {
  machines: proveMachines,
  schedules: proveSchedules,
  staging: proveStaging,
  tests: proveLongTests,
};

await proveParts('proof:layers', lanes, afterwards);
