import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distance, nearest } from './nearest.ts';

describe('the word somebody meant', () => {
  it('is found through the slips people make', () => {
    const known = ['name', 'server', 'prune_backups', 'fingerprint', 'keep_daily'];
    const slips: Readonly<Record<string, string | undefined>> = {
      ...{ servr: 'server', sever: 'server', serevr: 'server', nmae: 'name', fingerprnt: 'fingerprint' },
      ...{ 'prune-backups': 'prune_backups', pruneBackups: 'prune_backups', keep_dayly: 'keep_daily' },
      ...{ storage: undefined, x: undefined, nm: undefined },
    };
    for (const [slip, meant] of Object.entries(slips)) assert.equal(nearest(slip, known), meant, slip);
  });

  it('is not looked for in what is no word', () =>
    assert.equal(nearest('x'.repeat(5000), ['x'.repeat(4999)]), undefined));

  it('is near by the number of slips', () => {
    assert.equal(distance('abcd', 'abdc'), 1);
    assert.equal(distance('', 'abc'), 3);
    assert.equal(distance('kitten', 'sitting'), 3);
  });
});
