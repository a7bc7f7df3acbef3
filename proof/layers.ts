// `npm run proof:layers [-- --full] [-- --only PART]`: the layers on real parts, as a user types them. Two lanes run side by side, since
// a machine in QEMU keeps one processor busy and no more; what measures time follows alone.
import { proveGate } from './layers/gate.ts';
import { proveHostConfig } from './layers/host-config.ts';
import { proveKilledRestores } from './layers/killed-restores.ts';
import { proveKilledSnapshots } from './layers/killed-snapshots.ts';
import { countingKills, inOnePiece } from './layers/lanes.ts';
import { proveLvm } from './layers/lvm.ts';
import { proveMachines } from './layers/machines.ts';
import { proveMetrics } from './layers/metrics.ts';
import { provePfsense } from './layers/pfsense.ts';
import { proveSchedules } from './layers/schedules.ts';
import { proveSqlite } from './layers/sqlite.ts';
import { proveStaging } from './layers/staging.ts';
import { proveSwap } from './layers/swap.ts';
import { proveSweepOfTests } from './layers/sweep-of-tests.ts';
import { proveUnderFire } from './layers/under-fire.ts';
import { type Report, report } from './report.ts';

const full = process.argv.includes('--full');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

type Parts = Readonly<Record<string, (proof: Report, full: boolean) => Promise<void>>>;

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
  tests: proveSweepOfTests,
};

const names = [...lanes, afterwards].flatMap((parts) => Object.keys(parts));
if (only !== undefined && !names.includes(only)) {
  console.error(`there is no part '${only}'; they are ${names.join(', ')}`);
  process.exit(64);
}
const { counted: proof, text: kills } = countingKills(report());

async function proveAll(parts: Parts): Promise<void> {
  for (const [name, prove] of Object.entries(parts)) {
    if (only !== undefined && name !== only) continue;
    const { held, say } = inOnePiece(proof);
    const began = performance.now();
    console.error(`${name} begins`);
    try {
      await prove(only === undefined ? held : proof, full);
    } catch (error) {
      // What came after it was not proved.
      held.row(`${name} ended before its end`, `npm run proof:layers -- --only ${name}`, 'itself', error as Error);
    }
    say();
    console.error(`${name} took ${Math.round((performance.now() - began) / 1000)} s`);
  }
}

await Promise.all(lanes.map(proveAll));
await proveAll(afterwards);
console.log(`\n${kills()}`);
process.exitCode = proof.end();
