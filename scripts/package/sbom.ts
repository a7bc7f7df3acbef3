// What is inside, as CycloneDX 1.6: from the lockfile for the libraries, from the bytes for the two files that run.
import { createHash } from 'node:crypto';
import type { Locked, Lockfile } from './lockfile.ts';
import type { ShippedNode } from './shipped-node.ts';

type Component = Readonly<{ 'bom-ref': string; type: string; name: string; [further: string]: unknown }>;

export type Inside = Readonly<{
  version: string;
  lockfile: Lockfile;
  /** folders of the lockfile whose code is in the bundle */
  libraries: readonly string[];
  node: Pick<ShippedNode, 'version' | 'path' | 'parts'>;
  /** files of the package by their path */
  files: Readonly<Record<string, Uint8Array>>;
}>;

/** The bill of materials: the same bytes for the same inside, so without serial number and time. */
export function sbomOf({ version, lockfile, libraries, node, files }: Inside): string {
  const locked = libraries.map((path) => lockfile.at(path));
  const program = nodeComponent(node, lockfile.at(node.path));
  const own: Component = { ...application('holdfast', version), licenses: licences('Apache-2.0') };
  const inside = new Map(locked.map((one) => [one.path, purlOf(one)]));
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: own },
      components: [...locked.map(libraryComponent), program, ...Object.entries(files).map(fileComponent)],
      dependencies: [
        { ref: own['bom-ref'], dependsOn: [...inside.values(), program['bom-ref']].sort() },
        ...locked.map((one) => ({ ref: purlOf(one), dependsOn: needsOf(one, lockfile, inside) })),
      ],
    },
    null,
    2,
  )}\n`;
}

const application = (name: string, version: string): Component => ({
  ...{ 'bom-ref': `pkg:generic/${name}@${version}`, type: 'application', name, version },
  purl: `pkg:generic/${name}@${version}`,
});

/** Node by the name advisories have for it, and what is built into it, since an advisory may name that alone. */
const nodeComponent = ({ version, parts }: Inside['node'], locked: Locked): Component => ({
  ...application('node', version),
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  licenses: licences(locked.license),
  components: Object.entries(parts).map(([name, part]) => ({
    ...{ 'bom-ref': `node/${name}@${part}`, type: 'library', name, version: part },
  })),
  externalReferences: [{ type: 'distribution', url: purlOf(locked), hashes: [tarballHash(locked)] }],
});

const libraryComponent = (one: Locked): Component => ({
  ...{ 'bom-ref': purlOf(one), type: 'library', name: one.name, version: one.version, purl: purlOf(one) },
  licenses: licences(one.license),
  hashes: [tarballHash(one)],
});

const tarballHash = ({ integrity }: Locked): object => ({
  ...{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') },
});

const fileComponent = ([path, content]: readonly [string, Uint8Array]): Component => ({
  ...{ 'bom-ref': `file:${path}`, type: 'file', name: path },
  hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(content).digest('hex') }],
});

const purlOf = ({ name, version }: Locked): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** One SPDX name is an id; `A OR B` is an expression. */
const licences = (spdx: string): readonly object[] =>
  /\s/.test(spdx) ? [{ expression: spdx.replace(/^\((.*)\)$/, '$1') }] : [{ license: { id: spdx } }];

/** What a library needs, found as Node finds it: beside it first, then in each node_modules above. */
function needsOf({ path, dependencies }: Locked, lockfile: Lockfile, inside: ReadonlyMap<string, string>): string[] {
  const found = Object.keys(dependencies).map((name) => {
    let folder = path;
    while (folder !== '' && !lockfile.has(`${folder}/node_modules/${name}`)) folder = above(folder);
    return folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
  });
  return [...new Set(found.flatMap((one) => inside.get(one) ?? []))].sort();
}

const above = (folder: string): string => folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
