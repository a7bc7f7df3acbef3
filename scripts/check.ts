// `npm run check`: lint, types, unused code, stale documents. What a machine can see without running anything of ours.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = (name: string): string => resolve(root, 'node_modules', '.bin', name);
const node = process.execPath;

const checks: readonly (readonly [what: string, program: string, ...args: string[]])[] = [
  ['lint', bin('biome'), 'check', '--error-on-warnings', '.'],
  ['types', node, resolve(root, 'node_modules/typescript/bin/tsc'), '-p', '.'],
  ['unused code', node, resolve(root, 'node_modules/knip/bin/knip.js')],
  ['documents', node, 'scripts/docs.ts', '--check'],
  ['schemas of the answers', node, 'scripts/json-schemas.ts', '--check'],
  ['the lab and the published contract', node, 'scripts/contract.ts', '--check'],
  ['the lockfile', node, 'scripts/lockfile.ts'],
  // What the tests read in pieces must go into one: a key twice in a table, an import that the bundler does not see.
  ['the package', node, 'scripts/package.ts'],
];

for (const [what, program, ...args] of checks) {
  console.log(`\n== ${what}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`${what}: failed`);
    process.exit(1);
  }
}
