// `npm run proof:declare [-- --full] [-- --only PART]`: the whole backup side of PVE and PBS as code, as a user types it.
import { proveConsequences } from './declare/consequences.ts';
import { proveImport } from './declare/import.ts';
import { proveInit } from './declare/init.ts';
import { proveKinds } from './declare/kinds.ts';
import { proveManaged } from './declare/managed.ts';
import { proveSecrets } from './declare/secrets.ts';
import { proveStaging } from './declare/staging.ts';
import { proveTrouble } from './declare/trouble.ts';
import { proveValidation } from './declare/validation.ts';
import { proveVersions } from './declare/versions.ts';
import { type Report, report } from './report.ts';

const full = process.argv.includes('--full');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

const parts: Readonly<Record<string, (proof: Report, full: boolean) => Promise<void>>> = {
  managed: proveManaged,
  kinds: proveKinds,
  import: proveImport,
  validation: proveValidation,
  trouble: proveTrouble,
  consequences: proveConsequences,
  staging: proveStaging,
  secrets: proveSecrets,
  versions: proveVersions,
  init: proveInit,
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
    proof.row(`${name} ended before its end`, `npm run proof:declare -- --only ${name}`, 'itself', error as Error);
  }
}
process.exitCode = proof.end();
