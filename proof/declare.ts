// `npm run proof:declare [-- --full] [-- --only PART]`: the whole backup side of PVE and PBS as code, as a user types it.
import { proveManaged } from './declare/managed.ts';
import { type Report, report } from './report.ts';

const full = process.argv.includes('--full');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

const parts: Readonly<Record<string, (proof: Report, full: boolean) => Promise<void>>> = {
  managed: proveManaged,
};

if (only !== undefined && !Object.hasOwn(parts, only)) {
  console.error(`there is no part '${only}'; they are ${Object.keys(parts).join(', ')}`);
  process.exit(64);
}
const proof = report();
for (const [name, prove] of Object.entries(parts)) if (only === undefined || name === only) await prove(proof, full);
process.exitCode = proof.end();
