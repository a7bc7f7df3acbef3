// `npm run proof:layers [-- --full] [-- --only PART]`: machines, schedules and the layers on real parts, as a user types it.
import { proveGate } from './layers/gate.ts';
import { proveHostConfig } from './layers/host-config.ts';
import { proveMachines } from './layers/machines.ts';
import { proveMetrics } from './layers/metrics.ts';
import { provePfsense } from './layers/pfsense.ts';
import { proveSchedules } from './layers/schedules.ts';
import { proveSqlite } from './layers/sqlite.ts';
import { proveStaging } from './layers/staging.ts';
import { type Report, report } from './report.ts';

const full = process.argv.includes('--full');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

const parts: Readonly<Record<string, (proof: Report, full: boolean) => Promise<void>>> = {
  machines: proveMachines,
  gate: proveGate,
  schedules: proveSchedules,
  sqlite: proveSqlite,
  pfsense: provePfsense,
  'host-config': proveHostConfig,
  metrics: proveMetrics,
  staging: proveStaging,
};

if (only !== undefined && !Object.hasOwn(parts, only)) {
  console.error(`there is no part '${only}'; they are ${Object.keys(parts).join(', ')}`);
  process.exit(64);
}
const proof = report();
for (const [name, prove] of Object.entries(parts)) {
  if (only !== undefined && name !== only) continue;
  try {
    await prove(proof, full);
  } catch (error) {
    // What came after it was not proved.
    proof.row(`${name} ended before its end`, `npm run proof:layers -- --only ${name}`, 'itself', error as Error);
  }
}
process.exitCode = proof.end();
