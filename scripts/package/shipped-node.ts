// The Node that ships is the one of the lockfile, and its program is the one somebody looked at and pinned.
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
}>;

/** A Fault `node-not-pinned` where the lockfile has another Node, `node-altered` where the installed program is another. */
export async function readShippedNode(root: string): Promise<ShippedNode> {
  const pin = JSON.parse(await readFile(resolve(root, 'packaging/node.json'), 'utf8')) as Pin;
  const path = `node_modules/${pin.package}`;
  const locked = (await readLockfile(root)).at(path);
  if (locked.version !== pin.version || locked.integrity !== pin.integrity) throw notPinned(pin, locked.version);
  const program = await readFile(resolve(root, path, pin.file));
  const seen = createHash('sha256').update(program).digest('hex');
  if (seen !== pin.sha256) throw altered(`${path}/${pin.file}`, seen, pin);
  return { version: pin.version, path, program, licence: await readFile(resolve(root, path, 'LICENSE')) };
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
