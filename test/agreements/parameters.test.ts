// Everything that a published call takes can be declared, or is left out for a reason that stands in parameters.json; and what
// is left out there is published, and really left out.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { pbsContract, pveContract } from '../../lab/contract/contract.ts';
import { resources } from '../../src/resources/all.ts';
import table from './parameters.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
type Row = Readonly<{ product: string; call: string; leftOut: Readonly<Record<string, string>> }>;
const rows = Object.entries(table as unknown as Readonly<Record<string, Row>>);

const contracts = { pve: pveContract, pbs: pbsContract } as const;
function publishedBy({ product, call }: Row): readonly string[] {
  const [verb = '', path = ''] = call.split(' ');
  const method = contracts[product === 'pve' ? 'pve' : 'pbs'].paths[path]?.[verb];
  assert.ok(method !== undefined, `${call} is published`);
  return Object.keys(method.parameters);
}

function sourceOf(kind: string): string {
  const files = globSync(`src/resources/{${kind},common}/*.ts`, { cwd: root });
  return files
    .filter((file) => !/\.test(-support)?\.ts$/.test(file))
    .map((file) => readFileSync(resolve(root, file), 'utf8'))
    .join('\n');
}
const speaksOf = (source: string, parameter: string): boolean =>
  new RegExp(`['"\`\\s{]${parameter.replaceAll(/[^\w]/g, '\\$&')}['"\`:\\s]`).test(source);

describe('what a server takes', () => {
  for (const [name, row] of rows)
    it(`can be declared, or is left out for a reason: ${name}`, () => {
      const source = sourceOf(name.split(' ')[0] ?? '');
      const silent = publishedBy(row).filter((parameter) => !speaksOf(source, parameter));
      assert.deepEqual(silent.sort(), Object.keys(row.leftOut).sort());
      for (const reason of Object.values(row.leftOut)) assert.ok(reason.length > 5);
    });

  it('has a row for every kind of resource', () => {
    const kinds = new Set(rows.map(([name]) => name.split(' ')[0]));
    assert.deepEqual(
      resources.map(({ name }) => name).filter((name) => !kinds.has(name)),
      [],
    );
  });

  it('would be noticed where nobody speaks of it (control)', () => {
    assert.equal(speaksOf(sourceOf('pbs-prune-job'), 'keep-last'), true);
    assert.equal(speaksOf(sourceOf('pbs-prune-job'), 'keep-fortnightly'), false);
  });
});
