// The lockfile keeps the supply chain small and checkable (threat model, section 7): every package by its SHA-512, none from
// git or a URL, none that runs a script when it is installed, a budget, and a reason for each that ships.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');
type Entry = {
  version?: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  hasInstallScript?: boolean;
};
const lock = JSON.parse(read('package-lock.json')) as { lockfileVersion: number; packages: Record<string, Entry> };
const direct = Object.keys((JSON.parse(read('package.json')) as { dependencies: object }).dependencies);
const reasons = read('docs/dependencies.md');

const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
const shipped = packages.filter(([, entry]) => entry.dev !== true);
const problems = [
  ...(lock.lockfileVersion === 3 ? [] : [`lockfile version ${lock.lockfileVersion}, not 3`]),
  ...packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => `${path}: no SHA-512`),
  ...packages
    .filter(([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://'))
    .map(([path]) => `${path}: not from the registry`),
  ...shipped
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => `${path}: wants to run a script when installed, and ships`),
  ...(direct.length <= 20 ? [] : [`${direct.length} direct dependencies, at most 20`]),
  ...(shipped.length <= 120 ? [] : [`${shipped.length} packages ship, at most 120`]),
  ...direct
    .filter((name) => !reasons.includes(`\`${name}\``))
    .map((name) => `${name}: no line in docs/dependencies.md`),
];
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${direct.length} direct dependencies, ${shipped.length} packages ship`);
