// `npm run proof:engine [-- --full]`: every promise of the house and its engine, as a user types it.
import { proveClock } from './clock.ts';
import { proveConfiguration } from './configuration.ts';
import { proveEstates } from './estates.ts';
import { proveImages } from './images/images.ts';
import { startedLab } from './lab.ts';
import { provePackage } from './package.ts';
import { report } from './report.ts';
import { proveSecrets } from './secrets.ts';
import { proveServers } from './servers.ts';

const full = process.argv.includes('--full');
const proof = report();
const lab = await startedLab();
try {
  await proveEstates(proof, lab);
  await proveServers(proof, lab);
  await proveSecrets(proof, lab);
} finally {
  await lab.stop();
}
await proveConfiguration(proof);
await proveImages(proof, full);
await proveClock(proof);
await provePackage(proof);
process.exitCode = proof.end();
