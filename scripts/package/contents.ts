// The files of the package, each with its mode and its bytes. Nothing of the machine that builds gets in.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Fault } from '../../src/fault.ts';
import type { Bundle } from './bundle.ts';
import { type Lockfile, readLockfile } from './lockfile.ts';
import { manPageOf } from './man-page.ts';
import { noticeOf } from './notice.ts';
import type { Release } from './release.ts';
import { sbomOf } from './sbom.ts';
import type { ShippedNode } from './shipped-node.ts';

export type ShippedFile = Readonly<{ path: string; mode: 0o644 | 0o755; bytes: Uint8Array }>;

const documents = 'usr/share/doc/holdfast';
const examples = ['s1', 'homelab'];

/** A Fault `tool-in-bundle` where the bundle has taken in what the lockfile has for building only. */
export async function contents(
  root: string,
  release: Release,
  node: ShippedNode,
  bundle: Bundle,
): Promise<readonly ShippedFile[]> {
  const lockfile = await readLockfile(root);
  const runs = { 'usr/lib/holdfast/holdfast.cjs': bundle.code, 'usr/lib/holdfast/node': node.program };
  const { version } = release;
  const { libraries } = bundle;
  refuseTools(libraries, lockfile);
  const sbom = sbomOf({ version, lockfile, libraries, node, files: runs });
  return [
    program('usr/bin/holdfast', await readFile(resolve(root, 'packaging/holdfast'))),
    program('usr/lib/holdfast/node', node.program),
    plain('usr/lib/holdfast/holdfast.cjs', bundle.code),
    plain(`${documents}/copyright`, await readFile(resolve(root, 'packaging/debian/copyright'))),
    plain(`${documents}/changelog.gz`, packed(release.changelog)),
    plain(`${documents}/LICENSE.node.gz`, packed(node.licence)),
    plain(`${documents}/NOTICE`, Buffer.from(await noticeOf(root, bundle, lockfile))),
    plain(`${documents}/sbom.cdx.json`, Buffer.from(sbom)),
    plain('usr/share/man/man1/holdfast.1.gz', packed(manPageOf(release))),
    ...(await examplesIn(resolve(root, 'examples'))),
  ];
}

function refuseTools(libraries: readonly string[], lockfile: Lockfile): void {
  const tools = libraries.filter((path) => lockfile.at(path).dev);
  if (tools.length === 0) return;
  throw new Fault('tool-in-bundle', {
    where: 'src/main.ts',
    says: `what ships would take in ${tools.join(', ')}, which package.json has for building only`,
    remedy: 'do without it in src/ and lab/, or move it to `dependencies` and give its reason in docs/dependencies.md',
  });
}

const program = (path: string, bytes: Uint8Array): ShippedFile => ({ path, mode: 0o755, bytes });
const plain = (path: string, bytes: Uint8Array): ShippedFile => ({ path, mode: 0o644, bytes });

// zlib writes no time and no name into the header.
const packed = (text: string | Uint8Array): Uint8Array => gzipSync(text, { level: 9 });

async function examplesIn(folder: string): Promise<readonly ShippedFile[]> {
  const lists = await Promise.all(
    examples.map((name) => readdir(join(folder, name), { recursive: true, withFileTypes: true })),
  );
  const files = lists.flat().filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      return plain(`usr/share/holdfast/examples/${relative(folder, file)}`, await readFile(file));
    }),
  );
}
