// The files of the package, each with its mode and its bytes. Nothing of the machine that builds gets in.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Bundle } from './bundle.ts';
import { readLockfile } from './lockfile.ts';
import { noticeOf } from './notice.ts';
import type { Release } from './release.ts';
import { sbomOf } from './sbom.ts';
import type { ShippedNode } from './shipped-node.ts';

export type ShippedFile = Readonly<{ path: string; mode: 0o644 | 0o755; bytes: Uint8Array }>;

const documents = 'usr/share/doc/holdfast';
const examples = ['s1', 'homelab'];

export async function contents(
  root: string,
  release: Release,
  node: ShippedNode,
  bundle: Bundle,
): Promise<readonly ShippedFile[]> {
  const lockfile = await readLockfile(root);
  const runs = { 'usr/lib/holdfast/holdfast.mjs': bundle.code, 'usr/lib/holdfast/node': node.program };
  const { version } = release;
  const { libraries } = bundle;
  const sbom = sbomOf({ version, lockfile, libraries, node: node.path, files: runs });
  return [
    program('usr/bin/holdfast', await readFile(resolve(root, 'packaging/holdfast'))),
    program('usr/lib/holdfast/node', node.program),
    plain('usr/lib/holdfast/holdfast.mjs', bundle.code),
    plain(`${documents}/copyright`, await readFile(resolve(root, 'packaging/debian/copyright'))),
    plain(`${documents}/changelog.gz`, packed(release.changelog)),
    plain(`${documents}/LICENSE.node.gz`, packed(node.licence)),
    plain(`${documents}/NOTICE`, Buffer.from(await noticeOf(root, bundle, lockfile))),
    plain(`${documents}/sbom.cdx.json`, Buffer.from(sbom)),
    ...(await examplesIn(resolve(root, 'examples'))),
  ];
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
