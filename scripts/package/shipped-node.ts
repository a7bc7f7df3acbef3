// The Node that ships is the one of the lockfile, and its program is the one somebody looked at and pinned.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../src/fault.ts';
import { readLockfile } from './lockfile.ts';

type Pin = Readonly<{ package: string; version: string; integrity: string; file: string; sha256: string }>;

export type ShippedNode = Readonly<{
  version: string;
  /** its folder, as the lockfile names it */
  path: string;
  program: Uint8Array;
  licence: Uint8Array;
  /** what it is built from, by name: the version, as it says itself */
  parts: Readonly<Record<string, string>>;
}>;

// Of what `process.versions` tells, these are interfaces and tables, not works of others.
const noParts = new Set(['node', 'modules', 'napi', 'cldr', 'tz', 'unicode']);

/** A Fault `node-not-pinned` where the lockfile has another Node, `node-altered` where the installed program is another. */
export async function readShippedNode(root: string): Promise<ShippedNode> {
  const pin = JSON.parse(await readFile(resolve(root, 'packaging/node.json'), 'utf8')) as Pin;
  const path = `node_modules/${pin.package}`;
  const locked = (await readLockfile(root)).at(path);
  if (locked.version !== pin.version || locked.integrity !== pin.integrity) throw notPinned(pin, locked.version);
  const program = await readFile(resolve(root, path, pin.file));
  const seen = createHash('sha256').update(program).digest('hex');
  if (seen !== pin.sha256) throw altered(`${path}/${pin.file}`, seen, pin);
  const licence = await readFile(resolve(root, path, 'LICENSE'));
  return { version: pin.version, path, program, licence, parts: partsOf(resolve(root, path, pin.file)) };
}

function partsOf(program: string): Readonly<Record<string, string>> {
  const told = execFileSync(program, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8', env: {} });
  const versions = Object.entries(JSON.parse(told) as Record<string, string>);
  return Object.fromEntries(versions.filter(([name, version]) => version !== '' && !noParts.has(name)).sort());
}

const notPinned = (pin: Pin, version: string): Fault =>
  new Fault('node-not-pinned', {
    where: 'packaging/node.json',
    says: `it pins ${pin.package} ${pin.version}; the lockfile has ${version}, or the same version with another SHA-512`,
    remedy:
      `fetch it with \`npm pack ${pin.package}@${version}\`, see that its SHA-512 is the lockfile's, ` +
      `and write version, integrity and the SHA-256 of package/${pin.file} into packaging/node.json`,
  });

const altered = (where: string, seen: string, pin: Pin): Fault =>
  new Fault('node-altered', {
    where,
    says: `its SHA-256 is ${seen}, not ${pin.sha256} as packaging/node.json has it for ${pin.version}`,
    remedy: 'do not ship it: remove node_modules, run `npm ci`, and find out who changed it',
  });
