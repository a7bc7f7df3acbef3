// `npm run package`: dist/holdfast_VERSION_amd64.deb, the same bytes from the same sources in any folder, by anybody.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { asFault } from '../src/fault.ts';
import { bundle } from './package/bundle.ts';
import { contents } from './package/contents.ts';
import { makeDeb } from './package/deb.ts';
import { readRelease } from './package/release.ts';
import { readShippedNode } from './package/shipped-node.ts';

const root = resolve(import.meta.dirname, '..');

async function makePackage(): Promise<string> {
  const release = await readRelease(root);
  const node = await readShippedNode(root);
  const files = await contents(root, release, node, await bundle(root, release.version));
  const deb = resolve(root, 'dist', `holdfast_${release.version}_amd64.deb`);
  await mkdir(resolve(root, 'dist'), { recursive: true });
  await makeDeb(root, release, files, deb);
  const sha256 = createHash('sha256')
    .update(await readFile(deb))
    .digest('hex');
  await writeFile(`${deb}.sha256`, `${sha256}  ${basename(deb)}\n`);
  return `${sha256}  ${relative(root, deb)}`;
}

try {
  console.log(await makePackage());
} catch (error) {
  const { where, code, says, remedy } = asFault(error, 'package');
  console.error(`${where}: ${code}\n  ${says}\n  do this: ${remedy}`);
  process.exitCode = 1;
}
