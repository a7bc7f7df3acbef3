import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Declared, ResourceKind } from '../contracts/resource.ts';
import type { Estate } from '../model/estate.ts';
import { desire } from './desire.ts';

const declaring = (more: Partial<Declared>): ResourceKind =>
  ({
    name: 'box',
    section: {
      at: 'top',
      shape: { boxes: {} },
      declare: () => [{ server: 'a', name: 'b', item: {}, secrets: {}, place: 'x', notes: [], ...more }],
    },
  }) as unknown as ResourceKind;

const digest = (more: Partial<Declared> = {}): string =>
  desire({ sections: { boxes: [] } } as unknown as Estate, [declaring(more)]).digest;

describe('what is desired', () => {
  it('is another thing where a key or a token is to be kept in another file: a plan of before is not carried out', () => {
    const key = (file: string) => digest({ makes: { 'encryption-key': { file } } });
    const token = (file: string) => digest({ saves: { secret: { file } } });
    assert.notEqual(key('/one'), key('/two'));
    assert.notEqual(token('/one'), token('/two'));
    assert.equal(digest({ makes: {} }), digest());
  });

  it('is the same where only its line in the file moved', () => assert.equal(digest({ place: 'y' }), digest()));
});
