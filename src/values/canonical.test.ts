import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonical, digestOf, digestOfText } from './canonical.ts';

describe('the canonical text', () => {
  it('is the same for the same value, in whatever order its keys were given', () => {
    assert.equal(canonical({ b: 1, a: [null, 'x', { d: true, c: undefined }] }), '{"a":[null,"x",{"d":true}],"b":1}');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        assert.equal(canonical(value), canonical(turned));
        assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('has the digest that its whole text has, though it is digested in pieces', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) =>
        assert.equal(digestOf(value), digestOfText(canonical(value))),
      ),
    );
    assert.notEqual(digestOf([1, 2]), digestOf([12]));
  });
});
