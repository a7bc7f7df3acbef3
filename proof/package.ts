// The package, as a user meets it: built twice, unpacked in a bare Debian 12, run there, installed, removed. As root.
// Alone: `sh scripts/with-node.sh proof/package.ts`.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proveBareRoot, proveElsewhere, proveInstalled } from './package/bare-root.ts';
import { proveBuild, proveInside } from './package/built.ts';
import { proveLab, proveRuns } from './package/commands.ts';
import { debName, type Place } from './package/place.ts';
import { type Report, report } from './report.ts';

export async function provePackage(proof: Report): Promise<void> {
  proof.section('the package');
  if (process.getuid?.() !== 0) return proof.skip('package', 'making a bare Debian root needs root');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-proof-package-'));
  // Another user builds in there, too.
  chmodSync(folder, 0o711);
  const place: Place = {
    ...{ folder, deb: join(folder, 'first', debName), bare: join(folder, 'bare') },
    prove: (name, typed, authority, holds) => proof.row(`package: ${name}`, typed, authority, outcome(holds)),
    control: (name, caught) => proof.control(`package: ${name}`, caught),
    skip: (name, why) => proof.skip(`package: ${name}`, why),
  };
  try {
    proveBuild(place);
    proveInside(place);
    proveBareRoot(place);
    proveElsewhere(place);
    proveRuns(place);
    proveLab(place);
    proveInstalled(place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcome(holds: () => void): true | Error {
  try {
    holds();
    return true;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

if (import.meta.main) {
  const proof = report();
  await provePackage(proof);
  process.exitCode = proof.end();
}
