// Amounts as Kubernetes writes them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOfQuantity } from './quantity.ts';

describe('an amount of Kubernetes', () => {
  it('is read in each of its spellings', () => {
    const amounts = ['10Gi', '5G', '1073741824', '1e9', '128974848000m', '1.5Ki', '0', '.5k', '2E'];
    assert.deepEqual(amounts.map(bytesOfQuantity), [
      10 * 1024 ** 3,
      5e9,
      1073741824,
      1e9,
      128974848,
      1536,
      0,
      500,
      2e18,
    ]);
  });

  it('is nothing where it is something else', () => {
    assert.deepEqual(['', 'Gi', '10GiB', '-1Gi', '1 Gi', 'ten'].map(bytesOfQuantity), Array(6).fill(undefined));
  });
});
