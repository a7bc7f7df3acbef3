import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ref } from '../values/ref.ts';
import type { Looked } from './check.ts';
import { namedTwice } from './judge-clusters.ts';

const looked = (name: string): Looked => ({
  ...{ kind: 'server', product: 'pve', subject: ref('pve', name), name, address: `${name}:8006` },
  ...{ verdict: 'valid', checks: [] },
});
const host = (name: string, ...nodes: readonly (readonly [node: string, certificate: string | undefined])[]) => ({
  looked: looked(name),
  side: { nodes: nodes.map(([node, certificate]) => ({ node, status: 'online', certificate, raw: {} })) },
});

describe('servers that are nodes of one cluster', () => {
  it('are told once each, with the first of them and what to do', () => {
    const both = [['pve1', 'AA'] as const, ['pve2', 'BB'] as const];
    const [one, two, three] = namedTwice([
      host('one', ...both),
      host('two', ...both),
      host('three', ['pve2', 'BB'], ['pve3', 'CC']),
    ]);
    assert.deepEqual([one?.verdict, one?.checks.length], ['valid', 0]);
    assert.deepEqual([two?.verdict, three?.verdict], ['invalid', 'invalid']);
    assert.match(two?.checks[0]?.seen ?? '', /same cluster as one: both have the node pve1/);
    assert.match(three?.checks[0]?.seen ?? '', /same cluster as one: both have the node pve2/);
    assert.match(two?.checks[0]?.remedy ?? '', /take two out, or one; .* `nodes`/);
  });

  it('are not those that only share a name, show no certificate, or could not be asked', () => {
    const apart = [
      host('one', ['pve', 'AA']),
      host('two', ['pve', 'BB']),
      { looked: looked('three'), side: undefined },
    ];
    const silent = [host('four', ['pve', undefined]), host('five', ['pve', undefined])];
    for (const { verdict, checks } of namedTwice([...apart, ...silent]))
      assert.deepEqual([verdict, checks], ['valid', []]);
  });
});
