// The lockfile as the package needs it: what each folder below node_modules holds, by the SHA-512 npm checked on the way in.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../src/fault.ts';

export type Locked = Readonly<{
  /** `node_modules/zod`, or deeper where two versions stand beside each other */
  path: string;
  name: string;
  version: string;
  license: string;
  /** `sha512-` and base64, of the tarball */
  integrity: string;
  dependencies: Readonly<Record<string, string>>;
  /** only for building: nothing of it may be in the bundle */
  dev: boolean;
}>;

/** Answers for one folder; a Fault `package-not-locked` where the lockfile does not know it well enough to ship it. */
export type Lockfile = Readonly<{ at(path: string): Locked; has(path: string): boolean }>;

export async function readLockfile(root: string): Promise<Lockfile> {
  const { packages } = JSON.parse(await readFile(resolve(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Partial<Omit<Locked, 'path'>>>;
  };
  return {
    has: (path) => packages[path] !== undefined,
    at: (path) => {
      const { version, license, integrity, dependencies = {}, dev = false } = packages[path] ?? {};
      if (version === undefined || license === undefined || integrity === undefined) throw notLocked(path);
      return { path, name: nameOf(path), version, license, integrity, dependencies, dev };
    },
  };
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const notLocked = (path: string): Fault =>
  new Fault('package-not-locked', {
    where: 'package-lock.json',
    says: `${path} has no version, licence or SHA-512 there`,
    remedy: 'run `npm ci` and build again; if it stays, add it with `npm install --save-exact`',
  });
