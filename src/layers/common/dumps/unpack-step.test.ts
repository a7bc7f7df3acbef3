// What a dump is called as a file.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileName } from './unpack-step.ts';

describe('a dump that comes back as a file', () => {
  const called = (name: string) => fileName({ name, form: 'sql' });

  it('has the name of its database, and stays where it is put', () => {
    assert.equal(called('shop'), 'shop.sql');
    assert.deepEqual(['..', '.profile', 'a/b'].map(called), ['%2E..sql', '%2Eprofile.sql', 'a%2Fb.sql']);
  });

  it('has a name of its own, however long those of two databases are the same', () => {
    const long = (end: string) => `${'永'.repeat(62)}${end}`;
    const [one, other] = [called(long('一一')), called(long('一二'))];
    assert.notEqual(one, other);
    assert.ok(Buffer.byteLength(one) <= 255);
    assert.equal(called(long('一一')), one);
  });
});
