// What of a tree lies in a part of it, and what somebody may have meant who named one that is not there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fault } from '../trees.test-support.ts';
import { nearNames } from './near-names.ts';
import { isMeant, lies, scopeOf } from './scope.ts';

const where = (only: string, path: string) => lies(scopeOf(only), Buffer.from(path));

describe('a part of a tree', () => {
  it('is what was named and all below it; the folders above lead to it, and the rest lies outside', () => {
    const found = ['', 'a', 'a/b', 'a/b/c', 'a/b/c/d/e', 'a/b/cd', 'a/bc', 'b', 'a/b/c d'].map((path) => [
      path,
      where('a/b/c', path),
    ]);
    assert.deepEqual(found, [
      ...[
        ['', 'above'],
        ['a', 'above'],
        ['a/b', 'above'],
      ],
      ...[
        ['a/b/c', 'within'],
        ['a/b/c/d/e', 'within'],
      ],
      ...['a/b/cd', 'a/bc', 'b', 'a/b/c d'].map((path) => [path, 'outside']),
    ]);
  });

  it('may hold names that are no text', () => {
    const name = Buffer.concat([Buffer.from('a/'), Buffer.of(0xff, 0x0a)]);
    assert.equal(lies(scopeOf('a'), name), 'within');
    assert.equal(lies(scopeOf('b'), name), 'outside');
  });

  it('is all of it where none was named', () => {
    assert.ok(isMeant(undefined, Buffer.from('x')));
    assert.ok(!isMeant(scopeOf('y'), Buffer.from('x')));
  });

  it('is written as a shell completes it', () => {
    for (const typed of ['a/b', './a/b', 'a/b/', './/a/b//']) assert.equal(scopeOf(typed).text, 'a/b', typed);
    assert.equal(scopeOf('...').text, '...');
  });

  for (const typed of ['', '.', './', '/', '/etc/fstab', '..', 'a/../b', '../a', 'a/./b', 'a//b', 'a\0b'])
    it(`is refused as ${JSON.stringify(typed)}`, () => assert.throws(() => scopeOf(typed), fault('path-misspelt')));
});

describe('names near one that is not there', () => {
  const near = (only: string, ...paths: readonly string[]) => {
    const names = nearNames(scopeOf(only));
    for (const path of paths) names.see(Buffer.from(path));
    return [names.deepest().toString(), ...names.names()];
  };

  it('are nearly the same in the last folder that is there', () =>
    assert.deepEqual(near('srv/photo/2024', '', 'srv', 'srv/photos', 'srv/videos', 'srv/Photo'), [
      ...['srv', 'srv/Photo', 'srv/photos'],
    ]));

  it('are the same elsewhere, the one with most of the way in common first', () =>
    assert.deepEqual(near('etc/ssh/config', '', 'home/x/config', 'files', 'files/etc', 'files/etc/ssh/config'), [
      ...['', 'files/etc/ssh/config', 'home/x/config'],
    ]));

  it('are three at the most, and none where nothing is near', () => {
    const many = Array.from({ length: 1000 }, (_, number) => `folder${number}/wanted`);
    assert.equal(near('wanted', ...many).length, 1 + 3);
    assert.deepEqual(near('wanted', '', 'other', 'x'), ['']);
  });
});
